"""What holds for every request."""

import httpx2


async def test_it_is_alive(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_without_a_pack_it_is_not_ready(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == answer.json()["migrations"] == "ok"
    assert "civic load" in answer.json()["pack"]


async def test_an_unknown_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert "does not exist" in answer.text
