"""`make bench`: the benchmarks of the sandbox, the pages and the pushes in turn; 1 if one broke its limit.

`make bench ARGS=pages`, `prices`, `stalled`, `idle` and `admin` run one alone; the rest of ARGS are its
arguments.
"""

import sys

from benchmarks import admin, idle, pages, prices, sandbox, stalled, web

ALONE = {
    "pages": pages.main,
    "prices": prices.main,
    "stalled": stalled.main,
    "idle": idle.main,
    "admin": admin.main,
}

if sys.argv[1:2] and sys.argv[1] in ALONE:
    sys.exit(ALONE[sys.argv.pop(1)]())
# The sandbox takes no arguments here: those given are for the pages and streams.
sys.exit(sandbox.main([]) | web.main())
