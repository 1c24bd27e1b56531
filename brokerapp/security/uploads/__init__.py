"""Files that people send us: looked at, checked for viruses, and made anew before anything is kept."""
