"""The command line as data: one parser per verb, each ending in one typed call."""
