"""Documents of accounts: uploaded ones, and those the broker issues."""
