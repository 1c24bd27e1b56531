"""Cash and holdings of accounts: booking, worth, what binds them."""
