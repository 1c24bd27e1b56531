"""Alpaca's Broker API and Market Data API: client, models, errors and event streams. No Django in here."""
