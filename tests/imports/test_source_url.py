"""The link to the page of a report in the system that it comes from."""

from civic.posts.models import Post, Visibility
from tests.builders.harbour import Harbour, make_row
from tests.clients import Client

LINK = 'rel="nofollow noopener external">In the system that it comes from</a>'


async def test_the_page_and_the_json_show_it(harbour: Harbour, client: Client) -> None:
    harbour.change_mapping("[history.statuses]", 'url = "url"\n\n[history.statuses]')
    await harbour.import_rows(make_row(id=7), make_row(url="https://user:word@harbour.example/8"))
    linked, plain = await Post.all().order_by("id")
    page = await client.get(linked.path)
    assert f'<a href="https://harbour.example/reports/7" {LINK}' in page.text
    assert LINK not in (await client.get(plain.path)).text
    headers = {"accept": "application/json"}
    answers = [(await client.get(one.path, headers=headers)).json() for one in (linked, plain)]
    assert [one["source_url"] for one in answers] == ["https://harbour.example/reports/7", None]
    await Post.filter(id=linked.id).update(visibility=Visibility.HIDDEN)
    assert "harbour.example" not in (await client.get(linked.path)).text
