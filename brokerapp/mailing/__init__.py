"""How a mail leaves: from a row, once, tried again while the mail server certainly did not take it."""
