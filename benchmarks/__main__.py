"""`make bench`: every benchmark in turn; the exit code says whether one broke its limit."""

import sys

from benchmarks import sandbox, web

# The sandbox takes no arguments here: those given are for the pages and streams.
sys.exit(sandbox.main([]) | web.main())
