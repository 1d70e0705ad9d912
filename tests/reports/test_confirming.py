"""A reporter's e-mail address: what is sent to it before and after somebody showed that it is theirs."""

import pytest

from civic import timing
from civic.posts.models import Post
from civic.posts.queries import author_email_is_confirmed
from tests.builders.riverside import send_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


async def test_an_authors_email_counts_as_theirs_once_it_is_confirmed(client: Client, citizen: Client) -> None:
    for sender in (client, citizen):
        await send_report(sender, email="ana@example.org")
    unknown, known = await Post.all().order_by("id")
    assert not await author_email_is_confirmed(unknown.id)
    assert await author_email_is_confirmed(known.id)
    await Post.filter(id=unknown.id).update(email_confirmed_at=timing.now())
    assert await author_email_is_confirmed(unknown.id)
