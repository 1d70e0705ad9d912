"""What became of messages."""

from datetime import timedelta

from civic.metrics import GaugeReading
from civic.notifications.queries import count_deliveries


async def measure_deliveries() -> list[GaugeReading]:
    """How many messages were sent and refused in the last hour. Those that wait are jobs: civic_jobs{job="deliver"}."""
    last_hour = await count_deliveries(timedelta(hours=1))
    about = "Messages of the last hour that left, and that were refused for good"
    return [
        GaugeReading("civic_messages_last_hour", about, count, {"result": result})
        for result, count in (("sent", last_hour.sent), ("refused", last_hour.refused))
    ]
