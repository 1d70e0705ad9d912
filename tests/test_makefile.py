"""What `make` does where something cannot be fetched: it shows what failed and why, and the next try starts clean."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NPM = """#!/bin/sh
echo "npm error code SELF_SIGNED_CERT_IN_CHAIN, trusting $NODE_EXTRA_CA_CERTS" >&2
exit 1
"""
PYTHON = """#!/bin/sh
echo "ERROR: pip could not reach the index" >&2
exit 1
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which everything is installed but what npm fetches, with an npm and a Python that reach nobody."""
    for name in (
        "Makefile",
        "package.json",
        "package-lock.json",
        ".npmrc",
        "requirements.txt",
        "requirements-assets.txt",
    ):
        shutil.copy(ROOT / name, tmp_path)
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for path, script in ((tmp_path / "npm" / "npm", NPM), (binaries / "python", PYTHON)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(script, "utf-8")
        path.chmod(0o755)
    (tmp_path / ".venv" / "installed").touch()
    return tmp_path


def test_what_npm_and_pip_said_is_shown(checkout: Path) -> None:
    env = {**os.environ, "PATH": f"{checkout / 'npm'}:{os.environ['PATH']}", "PIP_CERT": "/authority.pem"}
    env.pop("NODE_EXTRA_CA_CERTS", None)
    for _try in range(2):
        done = subprocess.run(["make", "assets"], cwd=checkout, env=env, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "SELF_SIGNED_CERT_IN_CHAIN, trusting /authority.pem" in done.stdout
        assert "pip could not reach the index" in done.stdout
        assert "NODE_EXTRA_CA_CERTS=" in done.stdout
        assert "already exists" not in done.stdout + done.stderr
        assert not (checkout / "static" / "vendor" / "complete").exists()
