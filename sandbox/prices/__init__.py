"""What everything costs at every instant: pure functions of seed, symbol and time."""
