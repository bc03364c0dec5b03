"""Events for others: what became of messages, and what people wrote, told at least once and in order."""
