"""What the running app counts, for Prometheus: requests, waiting, batches, memory. Nothing of any person.

Labels are names of endpoints and outcomes, never words, names or addresses of people.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Metrics:
    """`registry` holds what `text` writes; `remembered` counts pictures and queries, found or made."""

    registry: "CollectorRegistry"
    requests: "Counter"
    seconds: "Histogram"
    waiting: "Gauge"
    running: "Gauge"
    batches: "Histogram"
    remembered: "Counter"
    judgements: "Counter"


def make_metrics() -> Metrics:
    """All counters at nothing, beside those of the process (memory, CPU seconds, open files)."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return Metrics(
        registry,
        Counter("hemline_requests", "Requests", ["endpoint", "outcome"], registry=registry),
        Histogram(
            "hemline_request_seconds",
            "Seconds of an answered request",
            ["endpoint"],
            buckets=SECONDS,
            registry=registry,
        ),
        Gauge("hemline_waiting", "Queries that wait for the model", registry=registry),
        Gauge("hemline_inside", "Requests that were let in and are not answered yet", registry=registry),
        Histogram("hemline_batch_size", "Queries embedded at once", buckets=SIZES, registry=registry),
        Counter("hemline_remembered", "What was asked of memory", ["what", "found"], registry=registry),
        Counter("hemline_judgements", "Judgements saved since the start", registry=registry),
    )


def text_of(metrics: Metrics) -> bytes:
    """The metrics in Prometheus' text format."""
    from prometheus_client import generate_latest

    return bytes(generate_latest(metrics.registry))
