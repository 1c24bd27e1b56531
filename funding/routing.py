"""Names of banks by ABA routing number: widely used ones, as a help to people checking what they typed."""

BANKS = {
    "011000138": "Bank of America",
    "021000021": "Chase",
    "021000089": "Citibank",
    "026009593": "Bank of America",
    "031101279": "The Bancorp Bank",
    "031176110": "Capital One",
    "043000096": "PNC Bank",
    "061000104": "Truist",
    "091000019": "Wells Fargo",
    "091000022": "U.S. Bank",
    "111000025": "Bank of America",
    "111000614": "Chase",
    "121000248": "Wells Fargo",
    "121000358": "Bank of America",
    "121042882": "Wells Fargo",
    "124003116": "Ally Bank",
    "256074974": "Navy Federal Credit Union",
    "314074269": "USAA",
    "322271627": "Chase",
}


def bank_name(routing_number: str) -> str:
    """The bank's name, or nothing if we do not know the number."""
    return BANKS.get(routing_number, "")
