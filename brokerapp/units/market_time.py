"""The time that US markets keep."""

from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
