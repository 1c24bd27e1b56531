"""A stateful stand-in for the Broker API: python -m sandbox."""
