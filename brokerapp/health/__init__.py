"""Whether the processes that keep the figures fresh are at work, and since when they are not."""
