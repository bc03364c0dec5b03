"""Takes a message in: checks it, writes it down once, wakes a worker."""
