"""What a message costs by our own price list, which limits it counts towards, and how much of them is used."""
