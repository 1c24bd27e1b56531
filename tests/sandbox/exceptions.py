"""Where the sandbox's replies differ from the OpenAPI files on purpose, each with its reason."""

import dataclasses
import re

# Controls and pages of the sandbox itself.
NOT_THE_API = re.compile(r"/$|/_sandbox/")
# Described by the other file.
MARKET_DATA = re.compile(
    r"/v2/stocks/|/v1beta1/(screener|news|options|forex)\b|/v1beta3/|/v1/corporate-actions"
)


@dataclasses.dataclass(frozen=True)
class Difference:
    """One way in which a reply is not what the file says. ``place`` is a JSON pointer, ``*`` any index."""

    method: str
    template: str
    status: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.method} {self.template} {self.status} {self.place or 'reply'}: {self.what[:400]}"


@dataclasses.dataclass(frozen=True)
class Allowance:
    """Regular expressions that a difference must match whole, and why it is allowed.

    ``call`` is matched against "METHOD path": the template, or the path itself when none fits.
    """

    reason: str
    call: str = ".*"
    place: str = ".*"
    what: str = ".*"

    def covers(self, difference: Difference) -> bool:
        return all(
            re.fullmatch(pattern, text, re.DOTALL)
            for pattern, text in (
                (self.call, f"{difference.method} {difference.template}"),
                (self.place, difference.place),
                (self.what, difference.what),
            )
        )


EXCEPTIONS: tuple[Allowance, ...] = (
    # Paths and methods that older clients call.
    Allowance("alpaca-py reads one document's entry", r"GET /v1/accounts/[^/]+/documents/[^/]+"),
    Allowance("alpaca-py reads trading configurations", r"GET .*/account/configurations", what="method .*"),
    Allowance("the Postman collection closes an account so", r"DELETE /v1/accounts/\{account_id\}"),
    Allowance("the Postman collection's watchlist paths", r"\w+ /v1/accounts/[^/]+/watchlists(/.*)?"),
    Allowance("the Postman collection's rebalancing paths", r"\w+ /v1/beta/rebalancing/.*"),
    Allowance("alpaca-py and Postman still follow the v1 trade stream", r"GET /v1/events/trades"),
    Allowance("a guide prints this name of the journal stream", r"GET /v1/events/journal/updates"),
    Allowance("documented in prose as aliases of v2", r"GET /v2beta1/events/.*", what="path .*"),
    Allowance(
        "recorded replies of the live API are 204", r"DELETE .*/transfers/\{transfer_id\}", what="status .*"
    ),
    # Values that alpaca-py's models would refuse otherwise.
    Allowance(
        "alpaca-py and the guides know DISABLED", place=r".*/\w*status", what=r"\"DISABLED\" is not .*"
    ),
    Allowance(
        "statuses that no list has, made up by control",
        r"GET /v1/.*",
        r".*/status(_from|_to)?",
        r"\"(PAPER_ONLY|NEVER_HEARD_OF)\" is not .*",
    ),
    Allowance("alpaca-py knows upper case only", place=r".*/disclosures/employment_status"),
    Allowance("alpaca-py wants a boolean", place=r".*/ptp_no_exception_entry"),
    Allowance("alpaca-py wants objects; so do the file's examples", place=r".*/kyc_results/\w+"),
    Allowance("alpaca-py has no name for the newer types; an older one is sent", place=r".*/document_type"),
    Allowance(
        "alpaca-py wants a member that is not null, Postman sends a blank",
        r".*",
        r".*/email_address",
        r"\"\" is .*",
    ),
    # The file contradicts itself or the recorded replies.
    Allowance(
        "no member is required, so that both kinds of activity always fit",
        r"GET /v1/accounts/activities.*",
        what=r".*valid under more than one of the schemas.*",
    ),
    Allowance("the file's own example is null", r"GET /v2/events/funding/status", r"/\*/status_from"),
    Allowance("a stream, as the file says in words", r"GET /v1/events/nta", what="content type .*"),
    Allowance("'Transfer' is not a uuid, as the file's text says", r"GET /v2/events/.*", r"/\*/entity_type"),
    Allowance("any text of 128 characters is a key", r".*/journals/status", r"/\*/idempotency_key"),
    Allowance("recorded replies have no bank data for a token", r".*/ach_relationships", what=r"\"\" .*"),
    Allowance("a refused position has the refusal as its body", r"DELETE .*/positions", r"/\*/body"),
    Allowance("Postman names a list 'Big Tech'", place=r".*/name", what=r".*does not match.*a-zA-Z0-9.*"),
    Allowance("the vendor's sample id is not a uuid; it is echoed", r"GET .*/cip", r"/kyc/id"),
    Allowance(
        "null when there are none, as the live API",
        r"GET /v2/stocks/.*(bars|trades|quotes)",
        r"/(bars|trades|quotes)",
    ),
    Allowance(
        "the guide to instant funding names MEM, the list of types does not",
        r"GET /v1/accounts/activities.*",
        r"/\*/activity_type",
        r"\"MEM\" is not .*",
    ),
    Allowance(
        "exits that wait are held: alpaca-py and the guide to orders know the word, the list does not",
        place=r".*/(status|event)",
        what=r"\"held\" is not .*",
    ),
    Allowance(
        "an exit has no exits of its own: null as in the guide", place=r".*/legs/\*/legs", what="null .*"
    ),
    Allowance(
        "the guide to crypto fees names CFEE, as alpaca-py does; the list of types does not",
        r"GET /v1/accounts/activities.*",
        r"/\*/activity_type",
        r"\"CFEE\" is not .*",
    ),
    Allowance(
        "the file's text says CRYPTO, its list does not",
        place=r".*/exchange",
        what=r"\"CRYPTO\" .*",
    ),
    Allowance(
        "one event of a stream, which the file describes as the bare object",
        r"GET /v2beta1/accounts/[^/]+/events/activities/[^/]+",
    ),
)
