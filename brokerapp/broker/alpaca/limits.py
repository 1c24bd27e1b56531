"""What the Broker API takes in each text, in one place: lengths, and the shapes of e-mail, phone and address.

Source: docs.alpaca.markets, "Data Validations", and the members' descriptions in the OpenAPI file. Text is
printable ASCII without blanks at its ends throughout. A form holds the limit of its input; nothing is
sent that breaks one.
"""

import ipaddress
import re

import idna

GIVEN_NAME = MIDDLE_NAME = FAMILY_NAME = 50
FAMILY_NAME_LEAST = 2
"""In the United States; one letter elsewhere."""
PREFIX, SUFFIX = 7, 3
LOCAL_NAME = 50
"""The vendor names no limit for names in other letters: that of the others."""
VISA_NAME = 50
STREET, STREET_LEAST = 100, 2
"""Of each line; more than digits, and no P.O. box."""
UNIT = 20
CITY, CITY_LEAST = 50, 2
"""More than digits."""
TAX_ID = 40
STATE, POSTAL_CODE = 50, 12
"""Outside of the United States, where there is no list of them."""
EMAIL_WITHOUT_ALIAS, EMAIL = 60, 100
"""The first counts `ana+broker@…` as `ana@…`."""
COMPANY = EMPLOYER = POSITION = 100
EMPLOYER_ADDRESS = 200
"""Of these four and of the bank's two the vendor names no limit: ours, well inside what the sandbox keeps."""
BANK_OWNER = 100
NICKNAME = 50
DOCUMENT_BYTES = 7_500_000
"""10 MB of base64."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PO_BOX = re.compile(
    r"""\bp\.?\s*o\.?[\s-]*b(ox|\.)?(?![a-z])\s*(?P<street>[a-z]*)
      | \bpost\s+office\s+box\b\s*(?P<named>[a-z]*)
      | ^\s*box\s*\#?\s*\d
      | \bbox\s*\#""",
    re.IGNORECASE | re.VERBOSE,
)
_STREETS = frozenset(
    "aly alley ave avenue blvd boulevard cir circle ct court dr drive hwy highway ln lane pike pl place rd "
    "road sq square st street ter terrace trl trail way".split()
)
NO_IPV4 = "0.0.0.0"  # noqa: S104 (no address to listen on)
"""Sent as `agreements.ip_address` of a person who signed over IPv6: the member is required and takes IPv4
only (`format: ipv4`), and the unspecified address claims nothing untrue."""


def takes_email(address: str) -> bool:
    """Whether `contact.email_address` may be this."""
    shaped = bool(_EMAIL.fullmatch(address)) and address.isascii() and not is_email_too_long(address)
    return shaped and all(map(_is_domain_label, address.rpartition("@")[2].split(".")))


def _is_domain_label(label: str) -> bool:
    """Not one that claims to spell other letters (RFC 5891: `xn--…`, in small letters) and spells none."""
    if not label.lower().startswith("xn--"):
        return True
    try:
        idna.decode(label)
    except idna.IDNAError:
        return False
    return label.islower()


def is_email_too_long(address: str) -> bool:
    """Over 100 characters, or over 60 when an alias after `+` is not counted."""
    return len(address) > EMAIL or len(re.sub(r"\+[^@]*@", "@", address)) > EMAIL_WITHOUT_ALIAS


def is_po_box(line: str) -> bool:
    """Whether a line of an address is a P.O. box; `12 Post Office Box Rd` is a street."""
    return any(
        (found["street"] or found["named"] or "").lower() not in _STREETS for found in _PO_BOX.finditer(line)
    )


def signing_address(address: str) -> str:
    """The address a person signed from as `agreements.ip_address` takes it: IPv4, or `NO_IPV4`.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo) is sent as that.
    """
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    carried = known.ipv4_mapped or known.sixtofour or (known.teredo[1] if known.teredo else None)
    return str(carried) if carried else NO_IPV4
