"""Gauges of the state that all processes share: read by one thread, from where the truth is."""
