"""Closing an account for good: what has to be done before, the request, and what it came to."""
