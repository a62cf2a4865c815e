"""Projects that lie, and projects that only live: what the judge must and must not notice."""
