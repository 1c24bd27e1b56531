"""ZIP codes: the states of their first three digits, and nine digits as people write them. Pure.

The first three digits name the sorting center, which serves one state with few exceptions (U.S. Postal
Service, "3-Digit ZIP Code Prefix Groups", labeling list L002). They change so rarely that a table of them
does not grow old, as a list of all codes does.
"""

import re

_PREFIXES = """
    AA 340
    AE 090-098
    AK 995-999
    AL 350-352 354-369
    AP 962-966
    AR 716-729
    AS 967
    AZ 850-853 855-857 859-860 863-865
    CA 900-908 910-928 930-961
    CO 800-816
    CT 060-069
    DC 200 202-205 569
    DE 197-199
    FL 320-339 341-342 344 346-347 349
    GA 300-319 398-399
    GU 969
    HI 967-968
    IA 500-516 520-528
    ID 832-838
    IL 600-620 622-629
    IN 460-479
    KS 660-662 664-679
    KY 400-427
    LA 700-701 703-708 710-714
    MA 010-027 055
    MD 206-212 214-219
    ME 039-049
    MI 480-499
    MN 550-551 553-567
    MO 630-631 633-641 644-658
    MP 969
    MS 386-397
    MT 590-599
    NC 270-289
    ND 580-588
    NE 680-681 683-693
    NH 030-038
    NJ 070-089
    NM 870-871 873-875 877-884
    NV 889-891 893-895 897-898
    NY 005 100-149
    OH 430-459
    OK 730-731 734-741 743-749
    OR 970-979
    PA 150-196
    PR 006-007 009
    RI 028-029
    SC 290-299
    SD 570-577
    TN 370-385
    TX 733 750-770 772-799 885
    UT 840-847
    VA 201 220-246
    VI 008
    VT 050-054 056-059
    WA 980-986 988-994
    WI 530-532 534-535 537-549
    WV 247-268
    WY 820-831
"""
_WITHIN_ANOTHER = {
    "06390": "NY",  # Fishers Island
    "83414": "WY",  # Alta
    "96799": "AS",  # American Samoa
    "05501": "MA",
    "05544": "MA",
}
"""Codes of one state under a prefix of another."""


def _states_by_prefix() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for state, *ranges in (line.split() for line in _PREFIXES.strip().splitlines()):
        for span in ranges:
            first, _, last = span.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found.setdefault(f"{number:03}", set()).add(state)
    return {prefix: frozenset(states) for prefix, states in found.items()}


STATES_BY_PREFIX = _states_by_prefix()


def states_of(zip_code: str) -> frozenset[str]:
    """Postal codes of the states in which a ZIP code lies: one, rarely two, none if there is no such code."""
    five = zip_code[:5]
    if five in _WITHIN_ANOTHER:
        return frozenset((_WITHIN_ANOTHER[five],))
    return STATES_BY_PREFIX.get(five[:3], frozenset())


def written_out(typed: str) -> str:
    """`94401` or `94401-1234` of what was typed (`944011234`, `94401 1234`, …); empty if it is neither."""
    found = re.fullmatch(r"([0-9]{5})(?:[ -]*([0-9]{4}))?", typed)
    return "-".join(filter(None, found.groups())) if found else ""
