"""What the web process and the workers do first. Commands of `manage.py` do it by themselves."""

from django.core.checks import run_checks

from brokerapp.deployment.checks import TAG


def refuse_unsafe() -> None:
    """Raise `SystemExit`, with all that is wrong and what to do, if a check of the settings fails.

    A database that is away is no reason not to start: `release` has asked it before.
    """
    found = run_checks(tags=[TAG], databases=["default"])
    problems = [problem for problem in found if problem.is_serious() and not problem.is_silenced()]
    if problems:
        words = "\n".join(f"- {problem.msg}\n  {problem.hint or ''}".rstrip() for problem in problems)
        raise SystemExit(f"The site does not start with these settings:\n{words}")
