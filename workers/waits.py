"""End the waits for a reporter's answer that have reached their limit."""

from civic.cases.actions import end_next_wait


async def handle_one() -> bool:
    return await end_next_wait()
