"""Project package: wiring on top, the floor that the apps share below."""

from brokerapp.celery import app as celery_app

__all__ = ["celery_app"]
