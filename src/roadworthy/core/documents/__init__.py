"""Files of a project as values: snapshots, bounded readers, globs."""
