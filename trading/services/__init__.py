"""Every write and broker call of this app, by noun."""
