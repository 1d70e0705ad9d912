"""The index as it is when the workers have caught up."""

from civic.search.feed import step


async def indexed() -> None:
    """Put everything that changed into the index."""
    while await step():
        pass
