"""Text that only this site can read, each for one purpose: keys of authenticator apps, forms that wait."""

from brokerapp.security import encryption


def seal(text: str, purpose: str) -> str:
    """Encrypted, for this purpose only."""
    return encryption.to_text(encryption.encrypt(text.encode(), purpose))


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose. Raises `ValueError` if it was sealed for another."""
    return encryption.decrypt(encryption.from_text(sealed), purpose).decode()


def is_outdated(sealed: str) -> bool:
    """Whether a key other than the newest made it."""
    return not sealed.startswith(encryption.to_text(encryption.newest_prefix()))
