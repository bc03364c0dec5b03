"""Signed HTTP calls of receivers that the configuration names: what proves it is us, and where they do not go."""
