"""Looks at an installation and everything that it depends on, says what is wrong, and how to cure it."""
