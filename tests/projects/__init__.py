"""Whole generated projects: born, judged, tested by their own tests, ejected, and lived through."""
