"""Roadworthy: projects born governed, judged by the policy that made them."""

__version__ = "0.6.0"
