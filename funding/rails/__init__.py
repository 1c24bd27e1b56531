"""The rails that money takes, as data: `of(transfer)` is the one that a transfer is on.

A further rail (wire, instant funding) is a module here, a name in `statuses.RailName`, a line in `RAILS`, its
ends in the constraint `transfer_rail_has_its_ends`, the broker's words for it in `statuses`, and who acts on
the events of its stream (`brokerapp.events.services.DISPATCH`).
"""

from funding.models import Transfer
from funding.rails.ach import AchRail
from funding.rails.journal import JournalRail
from funding.rails.rail import Rail, SettledBy
from funding.statuses import RailName

__all__ = ["RAILS", "Rail", "SettledBy", "of"]

RAILS: dict[str, Rail] = {RailName.ACH: AchRail(), RailName.JOURNAL: JournalRail()}


def of(transfer: Transfer) -> Rail:
    """The rail that a transfer is on."""
    return RAILS[transfer.rail]
