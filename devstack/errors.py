"""The one kind of error that the development stack reports as a single line."""


class StackError(Exception):
    """Something the person at the terminal can put right; the message is one sentence that says how."""
