"""Policy as data: the pack, the tier rubric, the controls and the framework maps."""
