"""What is rare or slow at the real broker, on request."""
