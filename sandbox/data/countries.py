"""Reference for accounts: countries, and contributions to retirement accounts."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.state.api import Call, endpoint

COUNTRIES_FILE = Path(__file__).with_name("countries.csv")


@endpoint("GET", "/v1/accounts/ira_excess_contributions")
def list_excess_contributions(call: Call) -> list[dict[str, Any]]:
    """None: contributions are not counted against the yearly limit here."""
    return []


@endpoint("GET", "/v1/country-info")
def list_countries(call: Call) -> dict[str, Any]:
    return _countries()


@cache
def _countries() -> dict[str, Any]:
    """By alpha-3 code. The ratings are examples, not the vendor's; the crypto states its sample's."""
    with COUNTRIES_FILE.open(newline="", encoding="utf-8") as file:
        return {row["code"]: _country(row) for row in csv.DictReader(file)}


def _country(row: dict[str, str]) -> dict[str, Any]:
    view: dict[str, Any] = {
        "full_name": row["name"],
        "securities_risk_rating": row["securities"],
        "crypto_risk_rating": row["crypto"],
    }
    if row["states"]:
        view["crypto_supported_states"] = row["states"].split()
    return view
