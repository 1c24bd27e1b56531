"""Scripts run inside the site's code, one after the other in one process: `python -m tests.e2e.inside`.

A line of JSON with the script comes in; a line of JSON with what it printed, or its traceback, goes out. What
the site's log writes there goes to the errors instead.
"""

import contextlib
import io
import json
import os
import sys
import traceback

import django
from django.db import close_old_connections


def main() -> None:
    """Answer until the input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerapp.settings")
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    django.setup()
    for line in sys.stdin:
        printed, failed = io.StringIO(), ""
        with contextlib.redirect_stdout(printed):
            try:
                exec(json.loads(line), {"__name__": "script"})
            except Exception:  # noqa: BLE001  the test is told
                failed = traceback.format_exc()
        close_old_connections()
        print(json.dumps({"printed": printed.getvalue(), "failed": failed}), file=replies, flush=True)


if __name__ == "__main__":
    main()
