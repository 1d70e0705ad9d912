"""What the browser tests do where there is no browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import chromium

ROOT = Path(__file__).parents[1]
ONE = "tests/browser/test_find.py"


@pytest.mark.slow
@pytest.mark.parametrize("ci", [False, True])
def test_without_a_browser_its_tests_are_named_last_and_fail_in_ci_alone(tmp_path: Path, ci: bool) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CIVIC_TEST_FOLDER"))}
    env |= {"PATH": str(tmp_path), "CI": "true" if ci else "", chromium.SETTING: ""}
    script = (
        "import sys; from tests import chromium; chromium.OWN = chromium.PORTABLE_FOLDER = chromium.Path('/none')\n"
    )
    script += "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-x",
        str(next(ROOT.glob("tests/browser/test_*.py"))),
    ]
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, env=env, capture_output=True, text=True)
    if ci:
        assert done.returncode == 1, done.stdout
        assert "No Chromium here" in done.stdout
    else:
        assert done.returncode == 0, done.stdout
        *_, section, reason, _total = done.stdout.strip().splitlines()
        assert "NOT TESTED HERE" in section
        assert "no Chromium here" in reason
