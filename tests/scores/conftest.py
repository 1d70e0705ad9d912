"""The small cities of tests/builders that the tests of the scores share."""

import pytest

from tests.builders.made_up_city import MadeUpCity, make_city


@pytest.fixture(scope="session")
def small_city() -> MadeUpCity:
    """Some hundred assignments of five departments."""
    return make_city(3, 400)
