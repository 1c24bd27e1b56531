"""What is particular to orders for option contracts: collateral, exercise, expiry."""
