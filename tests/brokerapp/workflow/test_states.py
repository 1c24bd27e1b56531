import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow.management.commands.states import states_page
from brokerapp.workflow.paths import ANY_OTHER
from brokerapp.workflow.state import StatusModel
from funding.models import BankLink, Transfer
from trading.models import Order

MODELS = [model for model in apps.get_models() if issubclass(model, StatusModel)]
FOLLOWED = (BrokerageAccount, BankLink, Transfer, Order)


def test_states_check_of_a_drifted_page_fails_and_states_mends_it(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="not current"):
        call_command("states", "--check")
    call_command("states")
    call_command("states", "--check")
    assert "SUBMITTING --> UNKNOWN" in (tmp_path / "docs" / "states.md").read_text()


def test_any_is_drawn_only_where_the_marker_stands() -> None:
    for section in states_page().split("\n## ")[1:]:
        model = apps.get_model(section.partition("\n")[0])
        marked = {status for status, steps in model.PATHS.items() if steps is ANY_OTHER}
        assert set(re.findall(r"(\w+) --> any\b", section)) == marked, model


def test_statuses_without_documented_steps_are_words_for_accounts_alone() -> None:
    marked = {model for model in MODELS if ANY_OTHER in model.PATHS.values()}

    assert marked == {BrokerageAccount}
    assert {status for status, steps in BrokerageAccount.PATHS.items() if steps is ANY_OTHER} == set(
        "INACTIVE SUBMISSION_FAILED EDITED REAPPROVAL_PENDING RESUBMITTED KYC_SUBMITTED AML_REVIEW LIMITED "
        "DISABLE_PENDING".split()
    )


@pytest.mark.parametrize("model", FOLLOWED)
def test_every_documented_step_may_be_taken(model: type[StatusModel]) -> None:
    assert set(model.PATHS) == set(model.TRANSITIONS)
    for status, steps in model.PATHS.items():
        assert steps is ANY_OTHER or steps <= model.TRANSITIONS[status], status


def test_the_marker_is_no_transition() -> None:
    assert not [model for model in MODELS if any("any" in steps for steps in model.TRANSITIONS.values())]
