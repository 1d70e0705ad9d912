"""Several writes in one statement: all of them or none, with what their models say of values."""

from datetime import UTC, datetime

import pytest
from tortoise.exceptions import IntegrityError, ValidationError

from civic.db import fetch
from civic.posts.models import Post, Visibility
from civic.writes import Writes, new_ids
from tests.statements import counting

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def make_post(post_id: int, key: str, **more: object) -> Post:
    return Post(id=post_id, kind="test", text="“Hé” 路灯", created_at=NOW, client_key=key, **more)


async def texts() -> list[str]:
    return [row["text"] for row in await fetch("SELECT text FROM post ORDER BY id")]


async def test_rows_of_several_tables_are_one_statement_and_read_back_as_they_were(database: str) -> None:
    first, second = await new_ids(Post, Post)
    assert second == first + 1
    posts = [make_post(first, "one", visibility=Visibility.HELD), make_post(second, "two", title="T")]
    writes = Writes()
    writes.insert(*posts)
    writes.add("INSERT INTO visibility_change (id, number) VALUES ($1, $2)", 1, 7)
    with counting() as statements:
        await writes.run()
    assert len(statements) == 1
    for post in posts:
        read = await Post.get(id=post.id)
        assert dict(read) == dict(post)
    posts[0].text = "changed"
    await posts[0].save(update_fields=["text"])
    assert await texts() == ["changed", "“Hé” 路灯"]
    assert (await fetch("SELECT number FROM visibility_change"))[0]["number"] == 7


async def test_one_that_is_refused_takes_the_others_with_it(database: str) -> None:
    ids = await new_ids(Post, Post, Post)
    await make_post(ids[0], "one").save()
    writes = Writes()
    writes.add("UPDATE post SET text = $1 WHERE id = $2", "never", ids[0])
    writes.insert(make_post(ids[1], "two"), make_post(ids[2], "one"))
    with pytest.raises(IntegrityError):
        await writes.run()
    assert await texts() == ["“Hé” 路灯"]


async def test_what_a_field_does_not_take_is_refused_before_anything_is_sent(database: str) -> None:
    with pytest.raises(ValidationError):
        Writes().insert(make_post(1, "k" * 65))


async def test_no_writes_are_no_statement(database: str) -> None:
    with counting() as statements:
        await Writes().run()
    assert len(statements) == 0
