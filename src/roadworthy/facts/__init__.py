"""What can be known of a project, as plain data."""
