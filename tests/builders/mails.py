"""What the workers do about mails, step by step; and the mails that left."""

import email
import email.message
import email.policy
import json
import re

from civic import db
from civic.config import Config
from civic.jobs.actions import Job
from civic.notifications.delivery import deliver_message
from civic.reports.actions import notify_reporters

TAKE = "DELETE FROM pgqueuer WHERE entrypoint = $1 RETURNING payload"


async def _take(job: Job, name: str) -> list[int]:
    return sorted(json.loads(row["payload"])[name] for row in await db.fetch(TAKE, job.value))


async def send_mails(config: Config) -> list[email.message.EmailMessage]:
    """Carry out the jobs that tell people something; return the mails that this sent."""
    before = set(config.paths.var.glob("outbox/*"))
    for event in await _take(Job.NOTIFY, "event"):
        await notify_reporters(event)
    for message in await _take(Job.DELIVER, "message"):
        await deliver_message(message, config)
    new = sorted(set(config.paths.var.glob("outbox/*")) - before, key=lambda path: int(path.stem))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in new]  # type: ignore[misc]


def links(mail: email.message.EmailMessage) -> list[str]:
    """The paths of the links in a mail: what it is about, then the one that stops such mails."""
    return re.findall(r"^https?://[^/\s]+(/\S+)\s*$", mail.get_content(), re.MULTILINE)
