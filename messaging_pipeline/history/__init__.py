"""Answers "where is this message, and why?" from what Postgres remembers."""
