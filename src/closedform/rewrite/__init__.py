"""Rewriting: one normal form per expression, by named rules, every one of them recorded."""
