"""The forms of trading, by noun."""
