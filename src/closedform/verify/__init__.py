"""Numeric certificates of answers."""
