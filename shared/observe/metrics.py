"""The catalogue of metrics: their names, labels and meaning, one registry a service.

Names are stable: dashboards and alerts are written against them. A label is a code or a name from a list of
ours, never a value that was sent.
"""

from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from shared.observe.lag import Lag

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BATCH_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_REQUEST_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_JOURNEY_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600)


class Metrics:
    """The metrics of one service; each attribute is a metric, its labels named beside it."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._registry = own
        PlatformCollector(registry=own)
        ProcessCollector(registry=own)
        self.accepted = Counter("throughline_accepted", "Events taken at a door", ["door"], registry=own)
        self.rejected = Counter("throughline_rejected", "Events refused at a door", ["door", "reason"], registry=own)
        self.duplicates = Counter("throughline_duplicates", "Events whose id was known already", registry=own)
        self.suppressed = Counter("throughline_suppressed", "Events of erased or suppressed people", registry=own)
        self.requests = Histogram(
            "throughline_request_seconds",
            "Time to answer a request",
            ["method", "route", "status"],
            buckets=_REQUEST_SECONDS,
            registry=own,
        )
        self.batch_seconds = Histogram(
            "throughline_batch_seconds", "Time of a batch, commit included", buckets=_BATCH_SECONDS, registry=own
        )
        self.batch_records = Counter("throughline_batch_records", "Records worked", ["topic"], registry=own)
        self.dead_letters = Counter("throughline_dead_letters", "Records set aside", ["topic"], registry=own)
        self.retries = Counter("throughline_retries", "Batches rolled back and tried again", ["reason"], registry=own)
        self.stage_seconds = Histogram(
            "throughline_stage_seconds",
            "From an event's own time to the end of a stage of its way: a service's commit, or delivered",
            ["stage"],
            buckets=_JOURNEY_SECONDS,
            registry=own,
        )
        self.lag = Gauge("throughline_lag_records", "Records not yet read", ["topic"], registry=own)
        self.outbox = Gauge("throughline_outbox_depth", "Events committed and not yet published", registry=own)
        self.work = Gauge("throughline_work_depth", "Rows that still want deriving, ticking or erasing", registry=own)
        self.webhooks = Counter("throughline_webhooks", "Webhook attempts", ["type", "result"], registry=own)
        self.webhook_seconds = Histogram(
            "throughline_webhook_seconds", "Time of a webhook attempt", buckets=_BATCH_SECONDS, registry=own
        )
        self.deliveries = Gauge("throughline_deliveries", "Webhooks on their way", ["state"], registry=own)
        self.sla_clocks = Gauge(
            "throughline_sla_clocks", "Promises of sales not kept yet, running or overdue", ["promise", "state"],
            registry=own,
        )  # fmt: skip
        self.loop_lag = Gauge("throughline_loop_lag_seconds", "How late the event loop was last", registry=own)

    def observe_lag(self, lag: Lag) -> None:
        """Set the gauges that tell how far the service is."""
        unread: dict[str, int] = {}
        for each in lag.topics:
            unread[each.topic] = unread.get(each.topic, 0) + max(0, each.end - each.position)
        for topic, records in unread.items():
            self.lag.labels(topic).set(records)
        self.outbox.set(lag.outbox)
        self.work.set(lag.work)
        self.deliveries.labels("due").set(lag.deliveries.due)
        self.deliveries.labels("waiting").set(lag.deliveries.waiting)

    def text(self) -> bytes:
        """All of them, in the format `CONTENT_TYPE` names."""
        return generate_latest(self._registry)
