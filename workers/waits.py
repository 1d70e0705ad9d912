"""End the waits for a reporter's answer that have reached their limit, and the pauses that may last no longer."""

from civic.cases.actions import end_next_wait, resume_next_pause


async def handle_one() -> bool:
    return await end_next_wait() or await resume_next_pause()
