"""Help: questions that people ask us, what was happening to them then, and what our staff answer."""
