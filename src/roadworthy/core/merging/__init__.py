"""Three-way merges of releases into projects, and what must hold of them."""
