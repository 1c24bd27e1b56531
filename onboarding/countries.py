"""Countries under sanctions, and those with a treaty on taxes with the US. Pure.

Which countries are not taken is a setting, `COUNTRIES_NOT_TAKEN`.
"""

SANCTIONED = frozenset("CUB IRN PRK SYR".split())
"""Not taken because of US sanctions, where they are not taken."""

US_TERRITORIES = frozenset("ASM GUM MNP PRI VIR".split())
"""Countries of ISO 3166-1 that are states to the broker, as to the post."""

TREATY = tuple(
    """ARM AUS AUT AZE BGD BRB BEL BGR CAN CHL CHN CYP CZE DNK EGY EST FIN FRA GEO DEU GRC ISL IND IDN IRL
    ISR ITA JAM JPN KAZ KOR KGZ LVA LTU LUX MLT MEX MDA MAR NLD NZL NOR PAK PHL POL PRT ROU SVK SVN ZAF ESP
    LKA SWE CHE TJK THA TTO TUN TUR TKM UKR GBR UZB VEN""".split()
)
"""With an income tax treaty in force (Internal Revenue Service, "Tax Treaty Table 3")."""
