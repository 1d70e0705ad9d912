"""Sum up what changed on the map, within a second."""

import time

from civic.reports.maps.actions import mark_late_points, sum_up_changes

EVERY = 0.5
LATE_EVERY = 5.0
MANY = 500  # changes after which it goes on at once; fewer wait for others, as a step costs as much for one
_marked_at = 0.0


async def handle_one() -> bool:
    global _marked_at
    late = 0
    if time.monotonic() - _marked_at > LATE_EVERY:
        late = await mark_late_points()
        _marked_at = time.monotonic() if not late else 0.0
    return await sum_up_changes() + late >= MANY
