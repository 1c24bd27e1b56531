"""What keeps the site from starting with settings that could hurt."""
