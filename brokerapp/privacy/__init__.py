"""What is held of a person: where it may stand, handed out to them, and erased as far as law lets us."""
