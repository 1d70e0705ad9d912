"""Waiting for the page that a click leads to."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from playwright.async_api import Page


def loads_page(page: Page) -> AbstractAsyncContextManager[Any]:
    """`async with loads_page(page): click` ends when a new document is there.

    `expect_navigation` also ends when a script writes the address of the same document, as htmx does after a swap.
    """
    return page.expect_event("load")
