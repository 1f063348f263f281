"""What this process counts and times, for Prometheus; what several processes share is counted in their database.

They are the process's, as prometheus-client has it: there is one of each, wherever something happens.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY: Final = CollectorRegistry()

# From a button pressed to a poem that waited for a full queue, seconds.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

UPDATES: Final = Counter(
    "yuexia_updates_total", "Updates that were taken in hand, by what they hold.", ["kind"], registry=REGISTRY
)
HANDLING: Final = Histogram(
    "yuexia_handler_seconds",
    "From the call of a handler to its end, the answer's way included.",
    ["handler"],
    buckets=_BUCKETS,
    registry=REGISTRY,
)
FAILURES: Final = Counter(
    "yuexia_handler_failures_total", "Errors that a handler did not expect.", ["handler", "error"], registry=REGISTRY
)
COMPOSING: Final = Histogram(
    "yuexia_compose_seconds",
    "From a poem being asked for to its being written, waiting included.",
    buckets=_BUCKETS,
    registry=REGISTRY,
)
ANSWERS: Final = Counter(
    "yuexia_telegram_answers_total",
    "Answers of the Bot API by method and HTTP status; none: there was no answer.",
    ["method", "code"],
    registry=REGISTRY,
)
RATINGS: Final = Counter(
    "yuexia_ratings_total",
    "Presses that rated a poem: 1, -1, or 0 for a rating that was withdrawn.",
    ["value"],
    registry=REGISTRY,
)
LOG_RECORDS: Final = Counter(
    "yuexia_log_records_total", "Warnings and errors in the log.", ["level", "logger"], registry=REGISTRY
)
WEBHOOK_REQUESTS: Final = Counter(
    "yuexia_webhook_requests_total", "Requests to the webhook by HTTP status.", ["code"], registry=REGISTRY
)
# Of the way from Telegram to the door, which no bot sees from its own side; every replica hears the same.
WEBHOOK_PENDING: Final = Gauge(
    "yuexia_webhook_pending_updates", "Updates that Telegram has not brought to the webhook yet.", registry=REGISTRY
)
WEBHOOK_LAST_ERROR: Final = Gauge(
    "yuexia_webhook_last_error_timestamp_seconds",
    "When Telegram last failed to bring an update; 0: it says of no failure.",
    registry=REGISTRY,
)

ProcessCollector(registry=REGISTRY)
