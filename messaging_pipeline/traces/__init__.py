"""Traces that follow one message from its producer to its last callback, for those who want them."""
