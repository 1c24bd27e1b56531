from brokerapp.workflow.paths import reachable


def test_reachable_skips_steps_and_goes_round() -> None:
    paths = {"A": frozenset("B"), "B": frozenset("AC"), "C": frozenset[str]()}

    assert reachable(paths) == {"A": {"B", "C"}, "B": {"A", "C"}, "C": set()}
