"""What is particular to orders for coins."""
