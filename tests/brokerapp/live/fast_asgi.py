"""The web process's application with its clocks wound up, so that tests need not wait for minutes."""

from brokerapp.live import hub, pushes

pushes.HEARTBEAT_SECONDS = 0.2
pushes.SESSION_CHECK_SECONDS = 0.3
pushes.SEND_TIMEOUT_SECONDS = 20.0
hub.PING_AFTER_SECONDS = 0.3

from brokerapp.asgi import application  # noqa: E402, F401
