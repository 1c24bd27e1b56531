"""Postal codes outside of the United States, by the libraries that know them. Pure."""

from importlib import import_module

from django import forms
from django.core.exceptions import ValidationError

LONGEST = 12
"""Characters that the broker takes (docs.alpaca.markets, "Data Validations")."""

_FIELDS = {
    "AUS": "au.forms.AUPostCodeField",
    "AUT": "at.forms.ATZipCodeField",
    "BEL": "be.forms.BEPostalCodeField",
    "BRA": "br.forms.BRZipCodeField",
    "CAN": "ca.forms.CAPostalCodeField",
    "CHE": "ch.forms.CHZipCodeField",
    "CHN": "cn.forms.CNPostCodeField",
    "CZE": "cz.forms.CZPostalCodeField",
    "DEU": "de.forms.DEZipCodeField",
    "DNK": "dk.forms.DKPostalCodeField",
    "ESP": "es.forms.ESPostalCodeField",
    "EST": "ee.forms.EEZipCodeField",
    "FIN": "fi.forms.FIZipCodeField",
    "FRA": "fr.forms.FRZipCodeField",
    "GBR": "gb.forms.GBPostcodeField",
    "GRC": "gr.forms.GRPostalCodeField",
    "HRV": "hr.forms.HRPostalCodeField",
    "IDN": "id_.forms.IDPostCodeField",
    "IND": "in_.forms.INZipCodeField",
    "ISR": "il.forms.ILPostalCodeField",
    "ITA": "it.forms.ITZipCodeField",
    "JPN": "jp.forms.JPPostalCodeField",
    "LTU": "lt.forms.LTPostalCodeField",
    "LVA": "lv.forms.LVPostalCodeField",
    "MEX": "mx.forms.MXZipCodeField",
    "MLT": "mt.forms.MTPostalCodeField",
    "NLD": "nl.forms.NLZipCodeField",
    "NOR": "no.forms.NOZipCodeField",
    "NZL": "nz.forms.NZPostCodeField",
    "POL": "pl.forms.PLPostalCodeField",
    "PRT": "pt.forms.PTZipCodeField",
    "ROU": "ro.forms.ROPostalCodeField",
    "SGP": "sg.forms.SGPostCodeField",
    "SVK": "sk.forms.SKPostalCodeField",
    "SVN": "si.forms.SIPostalCodeField",
    "SWE": "se.forms.SEPostalCodeField",
    "TUR": "tr.forms.TRPostalCodeField",
    "UKR": "ua.forms.UAPostalCodeField",
    "ZAF": "za.forms.ZAPostCodeField",
}
"""By country, the field of django-localflavor that knows its codes."""

_DIGITS_BEFORE_THE_DASH = {"BRA": 5, "POL": 2, "PRT": 4}
"""Where a dash is part of the code and many leave it out."""


class NotAPostalCode(ValueError):
    """There is no such postal code in the country."""


def are_known(country: str) -> bool:
    """Whether we know what the codes of a country (alpha-3) look like, so that one is asked for."""
    return country in _FIELDS


def written_out(value: str, country: str) -> str:
    """A postal code as the country (alpha-3) writes it; as typed where we do not know its codes.

    Raises `NotAPostalCode`.
    """
    typed = " ".join(value.upper().split())
    if not are_known(country):
        if len(typed) > LONGEST:
            raise NotAPostalCode
        return typed
    if country in _DIGITS_BEFORE_THE_DASH and typed.isdigit():
        typed = f"{typed[: _DIGITS_BEFORE_THE_DASH[country]]}-{typed[_DIGITS_BEFORE_THE_DASH[country] :]}"
    module, _, name = _FIELDS[country].rpartition(".")
    field: forms.Field = getattr(import_module(f"localflavor.{module}"), name)()
    try:
        return str(field.clean(typed))
    except ValidationError as error:
        raise NotAPostalCode from error
