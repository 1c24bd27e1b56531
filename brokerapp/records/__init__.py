"""What a person keeps: the feed of what happened, a receipt for each entry, and the broker's documents."""
