"""Remind the dispatchers of the appeals that nobody has decided in time."""

from civic.cases.actions import remind_next_appeal


async def handle_one() -> bool:
    return await remind_next_appeal()
