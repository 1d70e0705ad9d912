"""Keep the numbers of what enough people search for, and forget the rest."""

from civic.search.counting import keep

EVERY = 60.0


async def handle_one() -> bool:
    await keep()
    return False
