"""How many examples the property tests draw: few in every run, more with `HYPOTHESIS_SCALE=10` (or 100).

Each run draws others, so that many short runs look as far as a long one; the state machines, whose examples
take seconds, look at the same ones until they are asked for more.
"""

import os

import hypothesis

SCALE = int(os.environ.get("HYPOTHESIS_SCALE", "1"))
USUAL = 40
"""Of a test that names no number."""

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("scaled", deadline=None, max_examples=USUAL * SCALE)
hypothesis.settings.load_profile("scaled")
