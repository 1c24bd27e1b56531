"""Who asked the broker what, when, and what became of it; and every status that changed."""
