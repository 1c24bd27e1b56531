"""Which event streams of the broker are followed, and how fresh our knowledge of each is."""
