"""Tokens and digests under the installation's key."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from civic import signing, timing


@pytest.fixture(autouse=True)
def key() -> Iterator[None]:
    signing.set_key(lambda: b"a key")
    yield
    signing.set_key(lambda: b"the key of the tests")


def test_a_token_is_good_for_its_purpose_and_time() -> None:
    token = signing.sign("confirm", "17", timing.now() + timedelta(days=1))
    assert signing.read_signed("confirm", token) == "17"
    assert signing.read_signed("stop", token) is None
    with timing.at(timing.now() + timedelta(days=1, seconds=1)):
        assert signing.read_signed("confirm", token) is None
    signing.set_key(lambda: b"another installation's")
    assert signing.read_signed("confirm", token) is None


def test_a_token_without_an_end_is_good_for_ever() -> None:
    token = signing.sign("stop", "a-b:7")
    with timing.at(timing.now() + timedelta(days=36500)):
        assert signing.read_signed("stop", token) == "a-b:7"


def test_a_changed_token_is_none_of_ours() -> None:
    token = signing.sign("confirm", "17", timing.now() + timedelta(days=1))
    text, until, signature = token.split(".")
    changed = [f"18.{until}.{signature}", f"{text}.0.{signature}", f"{text}.{int(until) + 1}.{signature}", token[:-1]]
    for wrong in (*changed, "", ".", "..", "17", "17.0", "17.x.y", "ü.0.ü", "\x00", token + "=", token.upper()):
        assert signing.read_signed("confirm", wrong) is None


def test_digests_differ_by_purpose_and_key() -> None:
    digests = [signing.digest(purpose, text) for purpose, text in (("a", "b"), ("b", "b"), ("a", "a"), ("ab", ""))]
    signing.set_key(lambda: b"another")
    digests.append(signing.digest("a", "b"))
    assert len(set(digests)) == 5
    assert all(len(one) == 64 for one in digests)
