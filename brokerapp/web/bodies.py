"""How large a request's body may be: small, except on the pages that take files."""

from django.conf import settings


def body_limit(path: str) -> int:
    """Bytes that a request to this path may have."""
    takes_files = path.startswith(tuple(settings.UPLOAD_PATHS))
    return int(settings.MAX_UPLOAD_BYTES if takes_files else settings.MAX_BODY_BYTES)
