"""The console's pages and forms, over HTTP; tests/e2e looks at them in a browser."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.people import apply, open_account, order, wait_for_status
from tests.sandbox_process import SandboxProcess

CONSOLE = "/_sandbox/console"


def send(sandbox: SandboxProcess, route: str, /, **fields: str | list[str]) -> requests.Response:
    """Send a form, as a browser without scripts does."""
    return sandbox.request("POST", CONSOLE + route, data=fields, allow_redirects=False)


def said(reply: requests.Response) -> dict[str, list[str]]:
    assert reply.status_code == 303, reply.text
    return parse_qs(urlsplit(reply.headers["location"]).query)


def page(sandbox: SandboxProcess, path: str = "/") -> str:
    reply = requests.get(sandbox.url + path, timeout=5)
    assert reply.status_code == 200
    return reply.text


def test_front_page_finds_accounts_by_name_and_status(sandbox: SandboxProcess) -> None:
    account = apply(sandbox, identity__family_name="Quimby")
    wait_for_status(sandbox, account["id"], "ACTIVE")

    for wanted in ("quimby+active", account["account_number"], account["id"]):
        assert ">Jane Quimby<" in page(sandbox, f"/?q={wanted}")
    assert ">Jane Quimby<" not in page(sandbox, "/?q=quimby+rejected")


def test_account_page_shows_what_there_is(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1234.50")
    reply = order(sandbox, account_id, qty="2", type="limit", limit_price="1")
    text = page(sandbox, f"{CONSOLE}/accounts/{account_id}")

    assert "$1,234.50" in text
    assert reply.json()["id"] in text
    assert reply.headers["X-Request-ID"] in text
    assert "/_sandbox/console/scenarios/kyc_reject" in text


def test_names_are_shown_as_text(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox, identity__given_name="<script>alert(1)</script>")["id"]
    for text in (page(sandbox), page(sandbox, f"{CONSOLE}/accounts/{account_id}?done=<b>x</b>")):
        assert "<script>alert" not in text
        assert "<b>x" not in text


def test_pages_allow_no_inline_script_or_style(sandbox: SandboxProcess) -> None:
    reply = requests.get(sandbox.url + "/", timeout=5)

    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", reply.text)


def test_form_plays_a_scenario_and_comes_back(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    reply = send(sandbox, "/scenarios/kyc_action_required", account_id=account_id, reasons=["PEP", "OTHER"])

    assert reply.headers["location"].startswith(f"{CONSOLE}/accounts/{account_id}?")
    assert said(reply) == {"done": ["The application waits for an answer to PEP, OTHER."]}
    assert sandbox.get(f"/v1/accounts/{account_id}")["status"] == "ACTION_REQUIRED"


def test_form_that_cannot_be_done_says_why_and_changes_nothing(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    assert said(send(sandbox, "/scenarios/fill", account_id=account_id)) == {
        "failed": ["the account has no such open order"]
    }


def test_forms_of_the_panels(sandbox: SandboxProcess) -> None:
    assert "done" in said(send(sandbox, "/faults", action="refuse", path="/v1/x", times="2", rate="0.5"))
    (armed,) = sandbox.get("/_sandbox/faults")
    assert (armed["path"], armed["times"], armed["rate"]) == ("/v1/x", 2, 0.5)
    assert "failed" in said(send(sandbox, "/faults", action="refuse", status="999"))
    assert "done" in said(send(sandbox, "/faults/disarm", id=str(armed["id"])))
    assert sandbox.get("/_sandbox/faults") == []

    assert "failed" in said(send(sandbox, "/rate-limit", requests_per_minute="many"))
    assert "done" in said(send(sandbox, "/rate-limit", requests_per_minute="1000000"))

    assert "done" in said(send(sandbox, "/clock", move="freeze"))
    assert sandbox.get("/_sandbox/clock")["frozen"] is True
    assert "clock frozen" in page(sandbox)
    assert "done" in said(send(sandbox, "/clock", move="resume"))
    assert "failed" in said(send(sandbox, "/clock", move="to", to="yesterday"))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_form_of_another_site_is_refused(sandbox: SandboxProcess, site: str) -> None:
    reply = sandbox.request(
        "POST", CONSOLE + "/clock", data={"move": "freeze"}, headers={"Sec-Fetch-Site": site}
    )

    assert reply.status_code == 403
    assert sandbox.get("/_sandbox/clock")["frozen"] is False


@pytest.mark.parametrize("name", ["console.css", "console.js"])
def test_static_file_has_its_type(sandbox: SandboxProcess, name: str) -> None:
    reply = requests.get(f"{sandbox.url}{CONSOLE}/static/{name}", timeout=5)

    assert (reply.status_code, reply.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert reply.headers["Content-Type"].startswith("text/")


@pytest.mark.parametrize("path", ["/static/pages.py", "/static/..", "/accounts/x", "/scenarios/nosuch"])
def test_what_is_not_there(sandbox: SandboxProcess, path: str) -> None:
    method = "POST" if "scenarios" in path else "GET"

    assert sandbox.request(method, CONSOLE + path, data={}).status_code == 404


def test_console_leaves_no_trace_in_the_calls(sandbox: SandboxProcess) -> None:
    sandbox.request("GET", "/v1/clock")
    page(sandbox)

    assert sandbox.calls()[-1]["path"] == "/v1/clock"
