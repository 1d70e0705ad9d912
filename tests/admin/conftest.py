"""The tests of the index load packs, too."""

from tests.packs.conftest import write_pack

__all__ = ["write_pack"]
