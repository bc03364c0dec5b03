"""Lets go of what is not needed any more, and of a person who asks for it."""
