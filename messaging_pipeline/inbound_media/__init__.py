"""Copies the files that people send into the tenant's own storage: each once, and deletes them when they must go."""
