"""The watching half of the road: signals, one verdict, what fired."""
