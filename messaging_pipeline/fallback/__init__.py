"""Reaches the person another way when a message has failed for good: each step at most once."""
