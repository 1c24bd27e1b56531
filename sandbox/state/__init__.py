"""What a running sandbox remembers, and what handlers see of a request."""
