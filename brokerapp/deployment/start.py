"""What the web process and the workers do first. Commands of `manage.py` do it by themselves."""

import sys

from django.core.checks import run_checks

from brokerapp.deployment.checks import TAG


def refuse_unsafe() -> None:
    """Say all that is wrong, with what to do, and raise `SystemExit`, if a check of the settings fails.

    A database that is away is no reason not to start: `release` has asked it before.
    """
    found = run_checks(tags=[TAG], databases=["default"])
    problems = [problem for problem in found if problem.is_serious() and not problem.is_silenced()]
    if problems:
        words = "\n".join(f"- {problem.msg}\n  {problem.hint or ''}".rstrip() for problem in problems)
        # Celery has put loggers in the place of the standard streams.
        assert sys.__stderr__ is not None
        sys.__stderr__.write(f"The site does not start with these settings:\n{words}\n")
        raise SystemExit(1)
