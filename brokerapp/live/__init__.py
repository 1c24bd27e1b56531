"""Pushes: a status change reaches the person's open pages over server-sent events."""

from brokerapp.live.channel import check_sessions, publish

__all__ = ["check_sessions", "publish"]
