"""Fire the escalation steps of promises, each once."""

from civic.cases.actions import escalate_next_clock


async def handle_one() -> bool:
    return await escalate_next_clock()
