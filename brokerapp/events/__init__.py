"""The broker's event streams: stored before they are handled."""
