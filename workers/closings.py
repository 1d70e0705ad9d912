"""Close the cases whose resolution nobody confirmed or disputed in time."""

from civic.cases.actions import confirm_next_resolution


async def handle_one() -> bool:
    return await confirm_next_resolution()
