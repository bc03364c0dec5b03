"""Puts what people write into a ticket system: once for each message, into the ticket they have open."""
