"""What an application must look like. Pure: every ``check_*`` raises a 422 Refusal or returns None."""

import datetime as dt
import ipaddress
import re
from typing import Any

from sandbox.state.api import invalid, malformed, parse_instant, words

ADULT_AGE = 18
STATE_CODES = words(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ "
    "NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP"
)
STATE_NAMES = frozenset(
    name.replace("_", " ")
    for name in words(
        "ALABAMA ALASKA ARIZONA ARKANSAS CALIFORNIA COLORADO CONNECTICUT DELAWARE DISTRICT_OF_COLUMBIA "
        "FLORIDA GEORGIA HAWAII IDAHO ILLINOIS INDIANA IOWA KANSAS KENTUCKY LOUISIANA MAINE MARYLAND "
        "MASSACHUSETTS MICHIGAN MINNESOTA MISSISSIPPI MISSOURI MONTANA NEBRASKA NEVADA NEW_HAMPSHIRE "
        "NEW_JERSEY NEW_MEXICO NEW_YORK NORTH_CAROLINA NORTH_DAKOTA OHIO OKLAHOMA OREGON PENNSYLVANIA "
        "RHODE_ISLAND SOUTH_CAROLINA SOUTH_DAKOTA TENNESSEE TEXAS UTAH VERMONT VIRGINIA WASHINGTON "
        "WEST_VIRGINIA WISCONSIN WYOMING AMERICAN_SAMOA GUAM NORTHERN_MARIANA_ISLANDS PUERTO_RICO "
        "VIRGIN_ISLANDS ARMED_FORCES_AMERICAS ARMED_FORCES_EUROPE ARMED_FORCES_PACIFIC"
    )
)
TAX_ID_TYPES = words(
    "USA_SSN USA_ITIN ARG_AR_CUIT ARG_AG_CUIT AUS_TFN AUS_ABN BOL_NIT BRA_CPF CHL_RUT COL_NIT CRI_NITE "
    "DEU_TAX_ID DOM_RNC ECU_RUC FRA_SPI GBR_UTR GBR_NINO GTM_NIT HND_RTN HUN_TIN IDN_KTP IND_PAN "
    "ISR_TAX_ID ITA_TAX_ID JPN_TAX_ID MEX_RFC NIC_RUC NLD_TIN PAN_RUC PER_RUC PRY_RUC SGP_NRIC SGP_FIN "
    "SGP_ASGD SGP_ITR SLV_NIT SWE_TAX_ID URY_RUT VEN_RIF NATIONAL_ID PASSPORT PERMANENT_RESIDENT "
    "DRIVER_LICENSE OTHER_GOV_ID NOT_SPECIFIED"
)
PROFILE: dict[str, tuple[Any, ...]] = {
    "account_sub_type": ("traditional", "roth"),
    "investment_objective": (
        "generate_income",
        "preserve_wealth",
        "market_speculation",
        "growth",
        "balance_preserve_wealth_with_growth",
    ),
    "investment_time_horizon": (
        "less_than_1_year",
        "1_to_2_years",
        "3_to_5_years",
        "6_to_10_years",
        "more_than_10_years",
    ),
    "liquidity_needs": ("very_important", "important", "somewhat_important", "does_not_matter"),
    "risk_tolerance": ("conservative", "moderate", "significant_risk"),
    "allow_instant_ach": (True, False),
}
FUNDING_SOURCES = frozenset(
    ("employment_income", "investments", "inheritance", "business_income", "savings", "family")
)
VISAS = words("B1 B2 DACA E1 E2 E3 F1 G4 H1B J1 L1 OTHER O1 TN1")
EMPLOYMENT_STATUSES = frozenset(("EMPLOYED", "UNEMPLOYED", "STUDENT", "RETIRED"))
AGREEMENTS = frozenset(
    ("customer_agreement", "account_agreement", "margin_agreement", "crypto_agreement", "options_agreement",
     "custodial_customer_agreement", "etc_agreement")
)  # fmt: skip
DISCLOSURE_FLAGS = {
    "is_control_person": "CONTROL_PERSON",
    "is_affiliated_exchange_or_finra": "AFFILIATED",
    "is_politically_exposed": "PEP",
    "immediate_family_exposed": "FAMILY_MEMBER_PEP",
}
CONTEXT_TYPES = frozenset(("CONTROLLED_FIRM", "AFFILIATE_FIRM", "IMMEDIATE_FAMILY_EXPOSED"))
# The number of the vendor's own samples: area 666 is never issued, yet its collections must run.
SAMPLE_SSN = "666554321"

# "12 Post Office Box Rd" is a street.
PO_BOX = re.compile(
    r"""(\bp\.?\s*o\.?[\s-]*box\b | \bpob\b | \bpost\s+office\s+box\b)
        (?!\s+(aly|alley|ave|avenue|blvd|boulevard|cir|circle|ct|court|dr|drive|hwy|highway|ln|lane|pike|pl|place
               |rd|road|sq|square|st|street|ter|terrace|trl|trail|way)\b)
      | ^\s*box\s*\#?\s*\d | \bbox\s*\#""",
    re.IGNORECASE | re.VERBOSE,
)
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
COUNTRY = re.compile(r"[A-Z]{3}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def section(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A required object member."""
    value = body.get(name)
    if value is None:
        raise invalid(f"{name} is required")
    if not isinstance(value, dict):
        raise malformed(f"request body format is invalid: {name} must be an object")
    return value


def check_text(
    part: dict[str, Any],
    name: str,
    most: int,
    *,
    least: int = 1,
    required: bool = False,
    letters: bool = False,
) -> None:
    """Printable ASCII without blanks at the ends; ``letters``: more than digits alone."""
    value = part.get(name)
    if value is None or value == "":
        if required:
            raise invalid(f"{name} is required")
        return
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    if len(value) > most:
        raise invalid(f"{name} must not be longer than {most}")
    if len(value) < least:
        raise invalid(f"{name} must not be shorter than {least}")
    if value != value.strip() or not all(" " <= character <= "~" for character in value):
        raise invalid(f"{name} contains invalid characters")
    if letters and value.replace(" ", "").isdigit():
        raise invalid(f"{name} must not consist of digits only")


def check_contact(contact: dict[str, Any], *, tax_country: str) -> None:
    email = contact.get("email_address")
    if not email:
        raise invalid("email_address is required")
    if not isinstance(email, str) or not EMAIL.fullmatch(email) or not email.isascii():
        raise invalid("email_address is not a valid email address")
    if len(email) > 100 or len(re.sub(r"\+[^@]*@", "@", email)) > 60:
        raise invalid("email_address must not be longer than 60")
    phone = contact.get("phone_number")
    if phone and (not isinstance(phone, str) or not re.fullmatch(r"[\d +().-]{5,30}", phone)):
        raise invalid("phone_number is invalid")
    _check_street(contact.get("street_address"))
    if isinstance(contact.get("unit"), str) and len(contact["unit"]) > 20:
        raise invalid("unit/apt # too long, must be less than 20 characters")
    check_text(contact, "unit", 20)
    check_text(contact, "city", 50, least=2, required=True, letters=True)
    country = contact.get("country")
    check_country(contact, "country")
    in_usa = "USA" in (country, tax_country)
    check_text(contact, "state", 50, required=in_usa, letters=True)
    if country in (None, "", "USA") and in_usa:
        _check_us_place(contact)
    check_text(contact, "postal_code", 12)


def _check_street(street: Any) -> None:
    if street is None or street == []:
        raise invalid("street_address is required")
    if not isinstance(street, list) or len(street) > 3:
        raise invalid("street_address must be a list of 1 to 3 lines")
    for line in street:
        check_text({"street_address": line}, "street_address", 100, least=2, required=True, letters=True)
        if PO_BOX.search(line):
            raise invalid("street_address cannot be a P.O. Box")


def _check_us_place(contact: dict[str, Any]) -> None:
    state = str(contact["state"]).upper()
    if state not in STATE_CODES and state not in STATE_NAMES:
        raise invalid("state is invalid")
    postal_code = contact.get("postal_code")
    if not postal_code:
        raise invalid("postal_code is required")
    if not isinstance(postal_code, str) or not re.fullmatch(r"\d{5}[0-9A-Za-z -]{0,5}", postal_code):
        raise invalid("postal_code is invalid")


def check_country(part: dict[str, Any], name: str, *, required: bool = False) -> None:
    value = part.get(name)
    if not value:
        if required:
            raise invalid(f"{name} is required")
        return
    if not isinstance(value, str) or not COUNTRY.fullmatch(value):
        raise invalid(f"{name} must be an ISO 3166-1 alpha-3 country code")


def check_identity(identity: dict[str, Any], today: dt.date) -> None:
    check_names(identity)
    _check_birth(identity.get("date_of_birth"), today)
    check_country(identity, "country_of_tax_residence", required=True)
    check_country(identity, "country_of_citizenship")
    check_country(identity, "country_of_birth")
    tax_id, kind = identity.get("tax_id"), identity.get("tax_id_type")
    if not kind:
        raise invalid("tax_id_type is required")
    if not isinstance(kind, str) or kind not in TAX_ID_TYPES:
        raise invalid("tax_id_type is invalid")
    if kind != "NOT_SPECIFIED" or tax_id:
        check_tax_id(tax_id, kind)
    sources = identity.get("funding_source")
    if not sources:
        raise invalid("funding_source is required")
    check_funding_source(sources)
    check_visa(identity)
    check_profile(identity)


def check_names(identity: dict[str, Any], *, required: bool = True) -> None:
    least = 2 if identity.get("country_of_tax_residence", "USA") == "USA" else 1
    check_text(identity, "given_name", 50, required=required)
    check_text(identity, "middle_name", 50)
    check_text(identity, "family_name", 50, least=least, required=required)
    check_text(identity, "prefix", 7)
    check_text(identity, "suffix", 3)


def check_funding_source(sources: Any) -> None:
    if not isinstance(sources, list) or not all(isinstance(s, str) and s in FUNDING_SOURCES for s in sources):
        raise invalid("funding_source is invalid")


def check_visa(identity: dict[str, Any]) -> None:
    visa = identity.get("visa_type")
    if visa in (None, ""):
        return
    if not isinstance(visa, str) or visa not in VISAS:
        raise invalid("visa_type is invalid")
    if not identity.get("visa_expiration_date"):
        raise invalid("visa_expiration_date is required")
    if visa in ("B1", "B2") and not identity.get("date_of_departure_from_usa"):
        raise invalid("date_of_departure_from_usa is required")


def _check_birth(value: Any, today: dt.date) -> None:
    if not value:
        raise invalid("date_of_birth is required")
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise invalid("date_of_birth must have the format YYYY-MM-DD")
    try:
        born = dt.date.fromisoformat(value)
    except ValueError as error:
        raise invalid("date_of_birth must have the format YYYY-MM-DD") from error
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not ADULT_AGE <= age <= 130:
        raise invalid(f"date_of_birth is invalid: must be at least {ADULT_AGE} years old")


def check_tax_id(tax_id: Any, kind: str) -> None:
    """The rules of the vendor's data validations; US numbers also by what is never issued."""
    if not isinstance(tax_id, str) or not tax_id:
        raise invalid("tax_id is required")
    if not re.fullmatch(r"[A-Za-z0-9.+-]{2,40}", tax_id) or not any(c.isdigit() for c in tax_id):
        raise invalid("tax_id is invalid")
    if kind not in ("USA_SSN", "USA_ITIN"):
        return
    digits = tax_id.replace("-", "")
    if not re.fullmatch(r"\d{9}", digits):
        raise invalid("tax_id must have 9 digits")
    if digits == SAMPLE_SSN:
        return
    never_issued = digits[:3] in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000"
    if never_issued or len(set(digits)) == 1 or digits in ("123456789", "987654321"):
        raise invalid("tax_id is invalid")


def check_disclosures(disclosures: dict[str, Any]) -> None:
    for name in DISCLOSURE_FLAGS:
        if not isinstance(disclosures.get(name), bool):
            raise invalid(
                f"{name} is required" if disclosures.get(name) is None else f"{name} must be a boolean"
            )
    employment = disclosures.get("employment_status")
    if employment not in (None, "") and str(employment).upper() not in EMPLOYMENT_STATUSES:
        raise invalid("employment_status is invalid")
    context = disclosures.get("context")
    if context is None:
        return
    if not isinstance(context, list) or not all(isinstance(entry, dict) for entry in context):
        raise invalid("context must be a list of objects")
    for entry in context:
        if not isinstance(entry.get("context_type"), str) or entry["context_type"] not in CONTEXT_TYPES:
            raise invalid("context_type is invalid")


def check_agreements(agreements: Any, now: dt.datetime) -> None:
    if not isinstance(agreements, list) or not all(isinstance(entry, dict) for entry in agreements):
        raise invalid("agreements must be a list of objects")
    for entry in agreements:
        if not isinstance(entry.get("agreement"), str) or entry["agreement"] not in AGREEMENTS:
            raise invalid("agreement is invalid")
        signed_at = entry.get("signed_at")
        if not isinstance(signed_at, str) or not signed_at:
            raise invalid("signed_at is required")
        if parse_instant(signed_at, "signed_at") > now + dt.timedelta(days=1):
            raise invalid("signed_at must not be in the future")
        try:
            ipaddress.IPv4Address(str(entry.get("ip_address")))
        except ValueError as error:
            raise invalid("ip_address is not a valid IPv4 address") from error
        revision = entry.get("revision")
        if revision and (not isinstance(revision, str) or not re.fullmatch(r"\d{2}\.\d{4}\.\d{2}", revision)):
            raise invalid("revision is invalid")


def check_profile(part: dict[str, Any]) -> None:
    """Members that are only kept; the profile may stand at the top or, deprecated, in identity."""
    for name, choices in PROFILE.items():
        if part.get(name) not in (None, "", *choices):
            raise invalid(f"{name} is invalid")


def check_trusted_contact(contact: dict[str, Any]) -> None:
    check_text(contact, "given_name", 50, required=True)
    check_text(contact, "family_name", 50, required=True)
    # An empty e-mail counts as given: the vendor's own sample sends one.
    if all(contact.get(name) is None for name in ("email_address", "phone_number", "street_address")):
        raise invalid("trusted_contact needs an email_address, a phone_number or a street_address")
    email = contact.get("email_address")
    if email and (not isinstance(email, str) or not EMAIL.fullmatch(email)):
        raise invalid("email_address is not a valid email address")
    if contact.get("street_address"):
        for name in ("city", "state", "postal_code", "country"):
            if not contact.get(name):
                raise invalid(f"{name} is required")
