"""One verb per file: a typed function in, a value out."""
