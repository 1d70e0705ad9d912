"""Keep the numbers of what enough people search for, and forget the rest."""

from civic.search.analytics import keep_common_words

EVERY = 60.0


async def handle_one() -> bool:
    await keep_common_words()
    return False
