"""The settings of the tests with the error pages of production."""

from brokerapp.settings import *  # noqa: F403

DEBUG = False
