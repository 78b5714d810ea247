"""Differentials, their adjoints, and the derivatives read off them."""
