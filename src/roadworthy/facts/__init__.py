"""What can be known of a project: typed data from files, records and history."""
