"""End what has a limit: waiting for a reporter's answer, and a resolution that nobody confirmed."""

from civic.cases.actions import confirm_by_time, end_wait


async def handle_one() -> bool:
    return await end_wait() or await confirm_by_time()
