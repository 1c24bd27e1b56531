"""What of a page the content security policy forbids, as far as its HTML says it.

A browser shows the same (tests/e2e/policy.py), and what scripts do besides, on a page in a tenth of a second.
"""

import re

FORBIDDEN = re.compile(
    r"""<style[\s>]
    | <script(?![^<>]*\s(?:src=|type="application/json"))[^<>]*>
    | <(?:script|img|iframe)\s[^<>]*\bsrc="(?:[a-z]+:)?//[^<>]*>
    | <link\s[^<>]*rel="stylesheet"[^<>]*href="(?:[a-z]+:)?//[^<>]*>
    | <[a-z][^<>]*\s(?:style|on[a-z]+)=[^<>]*>
    | ="javascript:""",
    re.IGNORECASE | re.VERBOSE,
)


def forbidden_in(page: str) -> list[str]:
    """Each place of a page that the policy forbids: styles, scripts and handlers in it, and other sites' files."""
    return [found[0] for found in FORBIDDEN.finditer(page)]
