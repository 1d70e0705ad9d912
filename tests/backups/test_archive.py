"""The file of a backup: private, whole or not there, and refused if a byte of it is another."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from civic.backups.archive import DATABASE, PHOTOS, Archive, check_archive, write_archive
from civic.errors import SetupError

PHOTO = b"RIFF" * 50


def nothing(share: float, words: str) -> None:
    assert 0 <= share <= 1, words


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "city.tar"
    with write_archive(path) as archive:
        archive.add("secret.key", b"k" * 32)
        archive.add(f"{DATABASE}00000001.sql.gz", b"sql")
        archive.add(f"{DATABASE}00000002.sql.gz", b"")
        archive.add(f"{PHOTOS}ab/cd/photo.webp", PHOTO)
        archive.add("manifest.json", b"{}")
        archive.finish()
    return path


def read(path: Path) -> Archive:
    return check_archive(path, nothing)


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(SetupError) as caught:
        read(path)
    return str(caught.value.message)


def test_it_is_an_ordinary_tar_for_its_owner_alone(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == [
            "civic-backup-1",
            "secret.key",
            "database/00000001.sql.gz",
            "database/00000002.sql.gz",
            "photos/ab/cd/photo.webp",
            "manifest.json",
            "sha256",
        ]
        found = tar.extractfile("photos/ab/cd/photo.webp")
        assert found
        assert found.read() == PHOTO


def test_what_was_written_is_read(file: Path) -> None:
    archive = read(file)
    assert archive.small == {"civic-backup-1": b"", "secret.key": b"k" * 32, "manifest.json": b"{}"}
    assert [one.data for one in archive.read(DATABASE)] == [b"sql", b""]
    assert [one.data for one in archive.read(PHOTOS)] == [PHOTO]


def test_no_byte_may_be_another(file: Path) -> None:
    data = file.read_bytes()
    for at in range(0, len(data), 13):
        said = refused(file, data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
        assert "not what was written" in said or "no backup of Civic" in said or "cut short" in said


def test_no_byte_may_be_missing_or_added(file: Path) -> None:
    data = file.read_bytes()
    for length in [*range(512, len(data), 101), len(data) - 1]:
        assert "cut short" in refused(file, data[:length])
    assert "not what was written" in refused(file, data + b"\0")
    assert "not what was written" in refused(file, data + data)


def test_other_files_are_named_as_such(file: Path) -> None:
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w") as tar:
        tar.add(__file__)
    for data in (b"", b"PGDMP" * 200, other.getvalue(), bytes(2048)):
        assert "no backup of Civic" in refused(file, data)
    with pytest.raises(SetupError, match="cannot be read"):
        read(file.with_name("nowhere.tar"))


def test_a_member_that_no_backup_has_is_refused(tmp_path: Path) -> None:
    """What is not known would be held in memory until the end."""
    with write_archive(tmp_path / "made-up.tar") as archive:
        archive.add("../../etc/cron.d/civic", b"* * * * * root sh")
        archive.finish()
    with pytest.raises(SetupError, match="not what was written"):
        read(tmp_path / "made-up.tar")


def write(path: Path, during: Callable[[], object] = lambda: None, *, replace: bool = False) -> None:
    with write_archive(path, replace=replace) as archive:
        during()
        archive.finish()


def test_nothing_is_replaced_unasked(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(SetupError, match="--replace"):
        write(file)
    assert file.read_bytes() == before
    write(file, replace=True)
    assert len(file.read_bytes()) < len(before)
    with pytest.raises(SetupError, match="is a folder"):
        write(file.parent)
    with pytest.raises(SetupError, match="--replace"):  # it came meanwhile
        write(file.with_name("new.tar"), lambda: file.with_name("new.tar").touch())


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "city.tar"
    with pytest.raises(ZeroDivisionError):
        write(path, lambda: 1 / 0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SetupError, match="cannot be written"):
        write(tmp_path / "nowhere" / "city.tar")


def test_two_at_once(tmp_path: Path) -> None:
    path = tmp_path / "city.tar"

    def second() -> None:
        with pytest.raises(SetupError, match="Another backup"):
            write(path)

    write(path, second)
    read(path)
