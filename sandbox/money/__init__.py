"""Money and shares that come, go and are moved between accounts."""
