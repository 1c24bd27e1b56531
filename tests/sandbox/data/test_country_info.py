from tests.sandbox_process import SandboxProcess


def test_countries(sandbox: SandboxProcess) -> None:
    countries = sandbox.get("/v1/country-info")

    assert countries["USA"]["full_name"] == "United States of America"
    assert "CA" in countries["USA"]["crypto_supported_states"]
    assert countries["PRK"]["securities_risk_rating"] == "prohibited"
    assert all(len(code) == 3 for code in countries)


def test_excess_contributions_are_none(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/v1/accounts/ira_excess_contributions") == []
