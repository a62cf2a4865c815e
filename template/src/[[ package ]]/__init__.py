"""A governed model: the team writes data.py, features.py and model.py; the rest is the road."""
