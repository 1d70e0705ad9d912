"""Pages are small on the way; photos are left as they are."""

from tests.conftest import Client


async def test_a_page_is_compressed_for_who_can_read_it(client: Client) -> None:
    plain = await client.get("/sign-in", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/sign-in", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert "Accept-Encoding" in packed.headers["vary"]
