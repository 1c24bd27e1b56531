"""Who did what to whom, kept for good: rows that the database itself lets nobody change or delete."""
