"""What operators and refusals have decided about a service: whether it sends, whether it accepts, and how fast."""
