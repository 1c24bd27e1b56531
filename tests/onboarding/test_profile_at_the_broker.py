"""Any change that a form of the profile takes the broker takes, and then it says so member by member."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerapp.broker.alpaca.models import Details, UpdateAccountRequest
from onboarding import payloads
from onboarding.forms.profile import FORMS
from onboarding.models import KycApplication, ProfileChange
from onboarding.profile import PARTS
from onboarding.services import profile
from tests.onboarding.test_forms_at_the_broker import applicant, merged, send_as_it_is, typed_into
from tests.sandbox.in_process import InProcess

KINDS = ("citizen", "citizen abroad", "taxed abroad")
WITHOUT_PAPER = ("phone", "address", "work", "finances", "investing", "trusted-contact")


@pytest.fixture(scope="module")
def accounts(near_broker: InProcess) -> dict[str, str]:
    """An account of each kind of person, by its path."""
    made = {kind: send_as_it_is(near_broker, applicant(kind)).body for kind in KINDS}
    return {kind: f"/v1/accounts/{body['id']}" for kind, body in made.items()}


def sent_of(key: str, changes: dict[str, Any], application: KycApplication) -> dict[str, Any]:
    application.keep_answers(changes)
    change = ProfileChange(part=key, answers={name: application.answer(name) for name in changes})
    body = payloads.profile_body(change, application, PARTS[key].page.questions)
    return UpdateAccountRequest.model_validate(body).body()


@pytest.mark.parametrize("key", WITHOUT_PAPER)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_change_that_a_form_takes(
    near_broker: InProcess, accounts: dict[str, str], key: str, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    application = applicant(kind)
    fields = FORMS[key](application=application).fields
    typed = st.tuples(*(typed_into(field, name) for name, field in fields.items())).map(merged)
    form = FORMS[key](data.draw(typed), application=application)
    if not form.is_valid():
        assert set(form.errors) <= set(fields)
        return
    sent = sent_of(key, form.changes(), application)
    answer = near_broker.request("PATCH", accounts[kind], sent)
    assert answer.status == 200, (answer.body, sent)
    told = Details.from_reply(near_broker.request("GET", accounts[kind]).body, "")
    assert [member for member in profile.paths(sent) if not told.says(*member)] == []
