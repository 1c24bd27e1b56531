"""Model portfolios and their rebalancing."""
