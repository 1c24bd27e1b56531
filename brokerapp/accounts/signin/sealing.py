"""Text that only this site can read, each for one purpose: keys of authenticator apps, forms that wait."""

from brokerapp.security import encryption


def seal(text: str, purpose: str) -> str:
    """Encrypted, for this purpose only."""
    return encryption.encrypt(f"{purpose}\0{text}".encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose. Raises `ValueError` if it was sealed for another."""
    made_for, _, text = encryption.decrypt(sealed.encode()).decode().partition("\0")
    if made_for != purpose:
        raise ValueError(f"sealed for {made_for}, not for {purpose}")
    return text
