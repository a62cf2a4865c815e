"""The only I/O. Adapters never import one another."""
