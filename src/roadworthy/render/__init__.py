"""Values to text. Pure."""
