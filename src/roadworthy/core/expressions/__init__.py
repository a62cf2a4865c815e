"""CEL over typed facts: syntax, types, mutants."""
