"""The market data API, and the reference endpoints of the Broker API."""
