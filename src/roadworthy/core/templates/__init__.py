"""Copier templates rendered in memory, and who owns what they write."""
