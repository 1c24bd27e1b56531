"""Countries that the broker does not take, and those with a treaty on taxes with the US. Pure."""

NOT_TAKEN = frozenset("CUB IRN PRK SYR".split())
"""Rated "prohibited" by the broker (`GET /v1/country-info`, `securities_risk_rating`); a test compares."""

US_TERRITORIES = frozenset("ASM GUM MNP PRI VIR".split())
"""Countries of ISO 3166-1 that are states to the broker, as to the post."""

TREATY = tuple(
    """ARM AUS AUT AZE BGD BRB BEL BGR CAN CHL CHN CYP CZE DNK EGY EST FIN FRA GEO DEU GRC ISL IND IDN IRL
    ISR ITA JAM JPN KAZ KOR KGZ LVA LTU LUX MLT MEX MDA MAR NLD NZL NOR PAK PHL POL PRT ROU SVK SVN ZAF ESP
    LKA SWE CHE TJK THA TTO TUN TUR TKM UKR GBR UZB VEN""".split()
)
"""With an income tax treaty in force (Internal Revenue Service, "Tax Treaty Table 3")."""
