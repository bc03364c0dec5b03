"""Answers that are given at once, and the guard that keeps two machines from answering each other for ever."""
