"""What is read back or kept for an account's owner."""
