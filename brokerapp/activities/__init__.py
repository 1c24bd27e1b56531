"""What happened in the accounts, as the broker's books have it: fills, and all else that moved something."""
