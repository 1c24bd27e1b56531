"""`make bench`: every benchmark in turn; the exit code says whether one broke its limit."""

import sys

from benchmarks import web

sys.exit(web.main())
