"""Where the broker's event streams are. Broker API, "SSE Events" (https://docs.alpaca.markets/docs/sse-events)."""

from brokerapp.broker.streams.models import EventStream

PATHS = {
    EventStream.ACCOUNTS: "/v1/events/accounts/status",
    EventStream.FUNDING: "/v2/events/funding/status",
    EventStream.TRADES: "/v2/events/trades",
    EventStream.JOURNALS: "/v2/events/journals/status",
    EventStream.ACTIVITIES: "/v2beta1/events/activities",
}
