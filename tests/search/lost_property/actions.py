"""Posting what was found. The table would be a model with a migration."""

from pydantic import ConfigDict

from civic.accounts.people import Person
from civic.db import fetch
from civic.forms import Form
from civic.posts import actions as posts
from civic.posts.actions import Posted
from civic.writes import Writes, new_ids

KIND = "lost_property"
TABLE = """
CREATE TABLE lost_property (
    id bigint PRIMARY KEY,
    post_id bigint NOT NULL UNIQUE REFERENCES post ON DELETE CASCADE,
    colour text NOT NULL,
    returned boolean NOT NULL DEFAULT false)
"""


class LostPropertyForm(Form):
    model_config = ConfigDict(extra="ignore")
    text: str
    colour: str
    client_key: str | None = None


async def post_lost_property(form: LostPropertyForm, by: Person) -> Posted[int]:
    """Post something lost; the same key twice is one post."""

    async def create() -> Posted[int]:
        draft = posts.NewPost(kind=KIND, text=form.text, client_key=form.client_key)
        [post_id] = await new_ids(posts.Post)
        post, code = posts.make_post(draft, by, post_id, f"/lost/{post_id}")
        writes = Writes()
        writes.add("INSERT INTO lost_property (id, post_id, colour) VALUES ($1, $1, $2)", post_id, form.colour)
        await posts.write_post(post, writes=writes)
        return Posted(post, post_id, code)

    async def find(post: posts.Post) -> int | None:
        rows = await fetch("SELECT id FROM lost_property WHERE post_id = $1", post.id)
        return rows[0]["id"] if rows else None

    return await posts.post_once(form.client_key, create, find, by)
