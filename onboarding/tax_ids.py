"""Tax numbers outside of the United States: the kinds that the broker tells apart, and what each looks like.

The kinds are Alpaca's (`TaxIdType`); the numbers are checked by python-stdnum where it knows them. Pure.
"""

import re
from importlib import import_module

from stdnum.exceptions import ValidationError

NONE = "NONE"
"""Our word for no number at all."""
NOT_SPECIFIED = "NOT_SPECIFIED"
"""The broker's word for a number of no kind of its list, and for none (`identity.tax_id_type`)."""
US_KINDS = ("USA_SSN", "USA_ITIN")

OF_COUNTRIES: dict[str, tuple[tuple[str, str], ...]] = {
    "ARG": (("ARG_AR_CUIT", "CUIT"),),
    "AUS": (("AUS_TFN", "Tax file number (TFN)"), ("AUS_ABN", "Business number (ABN)")),
    "BOL": (("BOL_NIT", "NIT"),),
    "BRA": (("BRA_CPF", "CPF"),),
    "CHL": (("CHL_RUT", "RUT"),),
    "COL": (("COL_NIT", "NIT"),),
    "CRI": (("CRI_NITE", "NITE"),),
    "DEU": (("DEU_TAX_ID", "Steuer-Identifikationsnummer"),),
    "DOM": (("DOM_RNC", "RNC"),),
    "ECU": (("ECU_RUC", "RUC"),),
    "FRA": (("FRA_SPI", "Numéro fiscal (SPI)"),),
    "GBR": (
        ("GBR_NINO", "National Insurance number"),
        ("GBR_UTR", "Unique Taxpayer Reference (UTR)"),
    ),
    "GTM": (("GTM_NIT", "NIT"),),
    "HND": (("HND_RTN", "RTN"),),
    "HUN": (("HUN_TIN", "Adóazonosító jel"),),
    "IDN": (("IDN_KTP", "KTP (NIK)"),),
    "IND": (("IND_PAN", "PAN"),),
    "ISR": (("ISR_TAX_ID", "Teudat Zehut"),),
    "ITA": (("ITA_TAX_ID", "Codice fiscale"),),
    "JPN": (("JPN_TAX_ID", "My Number (Kojin Bango)"),),
    "MEX": (("MEX_RFC", "RFC"),),
    "NIC": (("NIC_RUC", "RUC"),),
    "NLD": (("NLD_TIN", "Burgerservicenummer (BSN)"),),
    "PAN": (("PAN_RUC", "RUC"),),
    "PER": (("PER_RUC", "RUC"),),
    "PRY": (("PRY_RUC", "RUC"),),
    "SGP": (
        ("SGP_NRIC", "NRIC"),
        ("SGP_FIN", "FIN"),
        ("SGP_ASGD", "ASGD"),
        ("SGP_ITR", "Income tax reference (ITR)"),
    ),
    "SLV": (("SLV_NIT", "NIT"),),
    "SWE": (("SWE_TAX_ID", "Personnummer"),),
    "URY": (("URY_RUT", "RUT"),),
    "VEN": (("VEN_RIF", "RIF"),),
}
"""The kinds of each country (alpha-3), as its people call them."""
ANYWHERE = (
    (NOT_SPECIFIED, "Another tax number of that country"),
    ("NATIONAL_ID", "Number of my national identity card, as I have no tax number"),
    ("PASSPORT", "Passport number, as I have no tax number"),
    ("PERMANENT_RESIDENT", "Number of my residence permit, as I have no tax number"),
    ("DRIVER_LICENSE", "Driver's license number, as I have no tax number"),
    ("OTHER_GOV_ID", "Number of another official paper, as I have no tax number"),
    ("USA_ITIN", "US number: ITIN"),
    ("USA_SSN", "US number: Social Security number"),
    (NONE, "I have none of these"),
)
TAX_NUMBERS = frozenset(kind for kinds in OF_COUNTRIES.values() for kind, _ in kinds) | {NOT_SPECIFIED}
"""The kinds that are tax numbers of a country other than the United States."""

_LIBRARY = {
    "ARG_AR_CUIT": "ar.cuit",
    "AUS_TFN": "au.tfn",
    "AUS_ABN": "au.abn",
    "BRA_CPF": "br.cpf",
    "CHL_RUT": "cl.rut",
    "COL_NIT": "co.nit",
    "DEU_TAX_ID": "de.idnr",
    "ECU_RUC": "ec.ruc",
    "FRA_SPI": "fr.nif",
    "GBR_UTR": "gb.utr",
    "GTM_NIT": "gt.nit",
    "IDN_KTP": "id.nik",
    "IND_PAN": "in_.pan",
    "ISR_TAX_ID": "il.idnr",
    "ITA_TAX_ID": "it.codicefiscale",
    "JPN_TAX_ID": "jp.in_",
    "MEX_RFC": "mx.rfc",
    "NLD_TIN": "nl.bsn",
    "PER_RUC": "pe.ruc",
    "PRY_RUC": "py.ruc",
    "SLV_NIT": "sv.nit",
    "SWE_TAX_ID": "se.personnummer",
    "VEN_RIF": "ve.rif",
}
"""The module of python-stdnum that knows a kind."""
_SHAPES = {
    "GBR_NINO": re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]"),
    "SGP_NRIC": re.compile(r"[ST][0-9]{7}[A-Z]"),
    "SGP_FIN": re.compile(r"[FGM][0-9]{7}[A-Z]"),
    "HUN_TIN": re.compile(r"8[0-9]{9}"),
}
_ANY = re.compile(r"(?=.*[0-9])[A-Za-z0-9.+-]{2,40}")
"""What the broker takes of any kind (docs.alpaca.markets, "Data Validations")."""


class NotATaxNumber(ValueError):
    """The number is none of its kind."""


def choices_of(country: str) -> list[tuple[str, str]]:
    """The kinds that somebody who pays tax in a country (alpha-3) may have, the country's own first."""
    return [*OF_COUNTRIES.get(country, ()), *ANYWHERE]


def written_out(number: str, kind: str) -> str:
    """A number as it is sent, without blanks and without what people put between the parts.

    Raises `NotATaxNumber` for one that is not of its kind. US numbers have rules of their own.
    """
    typed = re.sub(r"[\s/]", "", number).upper()
    if kind in _LIBRARY:
        try:
            typed = import_module(f"stdnum.{_LIBRARY[kind]}").validate(typed)
        except ValidationError as error:
            raise NotATaxNumber from error
    if kind in _SHAPES and not _SHAPES[kind].fullmatch(typed):
        raise NotATaxNumber
    if not _ANY.fullmatch(typed):
        raise NotATaxNumber
    return typed
