"""Which Chromium the browser tests drive. As a program: install one where there is none (`make test` does)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SETTING = "CIVIC_TEST_BROWSER"  # a path, or `skip`
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OWN = Path(__file__).parents[1] / ".venv" / "browsers"
HOW_TO_SKIP = f"{SETTING}=/path/to/chromium names one; {SETTING}=skip leaves the browser tests out."


def skipped() -> bool:
    return os.environ.get(SETTING) == "skip"


def find() -> str | None:
    """The path of a Chromium that starts: the one that is named, on the PATH, or that Playwright installed for us."""
    if named := os.environ.get(SETTING):
        return named
    paths = [path for name in NAMES if (path := shutil.which(name))]
    paths += [str(path) for path in sorted(OWN.glob("chromium-*/chrome-*/chrome")) if path.is_file()]
    return next((path for path in paths if _runs(path, "--version")), None)


def install() -> None:
    """Debian's package where we may install it, else Playwright's own build into .venv."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _runs("apt-get", "update", "-qq")
        _runs("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    if find():
        return
    needs = ["--with-deps"] if os.geteuid() == 0 else []
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(OWN)
    _runs(sys.executable, "-m", "playwright", "install", *needs, "--no-shell", "chromium")


def _runs(*command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def main() -> None:
    if skipped() or find():
        return
    sys.stderr.write("No Chromium here; installing one for the browser tests …\n")
    install()
    if not find():
        raise SystemExit(f"No Chromium could be installed. {HOW_TO_SKIP}")


if __name__ == "__main__":
    main()
