"""CIP records: how a correspondent made sure who somebody is (docs.alpaca.markets, "Upload CIP")."""

from datetime import date

from pydantic import Field

from brokerapp.broker.alpaca.models.base import BrokerModel, Instant, RequestModel, Text


class CipKyc(RequestModel):
    """The result of checking who somebody is, by the one who approved it."""

    id: str
    applicant_name: str = Field(repr=False)
    email_address: str = Field(repr=False)
    address: str = Field(repr=False)
    postal_code: str | None = Field(default=None, repr=False)
    country_of_residency: str | None = None
    nationality: str | None = None
    date_of_birth: date | None = Field(default=None, repr=False)
    ip_address: str | None = Field(default=None, repr=False)
    check_initiated_at: Instant
    check_completed_at: Instant
    kyc_completed_at: Instant
    approval_status: str
    approved_by: str
    approved_reason: str
    approved_at: Instant


class CipRequest(RequestModel):
    """A correspondent's own record of its Customer Identification Program."""

    provider_name: list[str]
    kyc: CipKyc


class CipResults(BrokerModel):
    """The part of a CIP record that tells whose check it is."""

    id: Text = ""


class Cip(BrokerModel):
    """A CIP record as the broker has it."""

    id: Text = ""
    kyc: CipResults | None = None
