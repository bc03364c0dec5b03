"""Takes in what people write to us: stored once, sealed."""
