"""Pushes: a status change reaches the person's open pages over server-sent events."""

from brokerapp.live.channel import publish

__all__ = ["publish"]
