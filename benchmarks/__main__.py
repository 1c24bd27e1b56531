"""`make bench`: the benchmarks of the sandbox, the pages and the pushes in turn; 1 if one broke its limit.

`make bench ARGS=stalled` and `make bench ARGS=idle` run one alone; the rest of ARGS are its arguments.
"""

import sys

from benchmarks import idle, sandbox, stalled, web

ALONE = {"stalled": stalled.main, "idle": idle.main}

if sys.argv[1:2] and sys.argv[1] in ALONE:
    sys.exit(ALONE[sys.argv.pop(1)]())
# The sandbox takes no arguments here: those given are for the pages and streams.
sys.exit(sandbox.main([]) | web.main())
