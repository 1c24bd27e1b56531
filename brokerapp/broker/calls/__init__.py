"""Who asked the broker what, when, and what became of it."""
