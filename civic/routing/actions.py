"""Recording the rules that failed."""

from datetime import timedelta

from civic import timing
from civic.city.queries import city
from civic.db import in_transaction, retry_transaction
from civic.notifications.actions import notify
from civic.routing.facts import Decision, Facts
from civic.routing.models import RuleFault

KEEP_FAULTS_FOR = timedelta(days=90)


@retry_transaction
async def record_faults(decision: Decision, facts: Facts) -> None:
    """Keep the rules that failed on a report, and notify the admins once a day for each; joins an open transaction."""
    if not decision.faults:
        return
    now = timing.now()
    context = {"category": facts.category, "areas": list(facts.areas), "channel": facts.channel}
    day = f"{(await city()).local(now):%Y-%m-%d}"
    async with in_transaction():
        for fault in decision.faults:
            await RuleFault.create(rule_id=fault.rule_id, error=fault.error, at=now, context=context)
            key = f"rule:{fault.rule_id}:{day}"
            values = {"rule": fault.slug, "error": fault.error}
            await notify(key, "rule_fault", role="admin", values=values)
        await RuleFault.filter(at__lt=now - KEEP_FAULTS_FOR).delete()
