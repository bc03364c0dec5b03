"""Holds what Postgres remembers against what was promised; reads, and changes nothing."""
