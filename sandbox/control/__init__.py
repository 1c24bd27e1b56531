"""/_sandbox/ and the console: what only a stand-in can do."""
