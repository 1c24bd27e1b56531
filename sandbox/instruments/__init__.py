"""What can be traded: shares, coins, option contracts."""
