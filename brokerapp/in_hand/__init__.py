"""Which member of staff has taken what waits in a queue."""
