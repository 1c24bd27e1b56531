"""Every write and every broker call of funding, by noun."""
