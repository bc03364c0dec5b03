"""What the demonstration sends, and through which services."""
