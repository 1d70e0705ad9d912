"""Fire the escalation steps of promises, each once."""

from civic.cases.actions import fire_step


async def handle_one() -> bool:
    return await fire_step()
