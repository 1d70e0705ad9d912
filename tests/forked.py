"""Commands in processes that are forked from one which has the whole program in memory already.

To start Python and to import takes a second of a processor, which hundreds of commands would pay. Each has a process
of its own all the same: what it prints, how it ends, its settings, its database. Tests of how a process is started or
stopped start a real one.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from pathlib import Path
from unittest.mock import patch

from civic.__main__ import main

ROOT = Path(__file__).parents[1]
# In the memory of the process that forks: this module, and what commands import late.
PRELOADED = (
    *("tests.forked", "civic.composition", "civic.packs.actions", "civic.scores.actions", "civic.scores.verify"),
    *("civic.backups.actions", "civic.imports.actions", "civic.catalogue.members", "pgqueuer.queries"),
)
STREAMS = ("stdin", "stdout", "stderr")

_processes = get_context("forkserver")
_processes.set_forkserver_preload(list(PRELOADED))


def run_forked(
    *arguments: str, environment: Mapping[str, str], cwd: Path = ROOT, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """`civic …` to its end, with this environment and no other variables."""
    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT)}):  # what is preloaded is found by it
        forkserver.ensure_running()
    with tempfile.TemporaryDirectory(prefix="civic-command-") as name:
        files = [Path(name, stream) for stream in STREAMS]
        files[0].write_text(stdin, "utf-8")
        process = _processes.Process(target=_run, args=(arguments, dict(environment), str(cwd), files))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return subprocess.CompletedProcess(["civic", *arguments], code, *(one.read_text("utf-8") for one in files[1:]))


def _run(arguments: tuple[str, ...], environment: dict[str, str], cwd: str, files: list[Path]) -> None:
    """In the new process: become `python -m civic …`."""
    for number, file in enumerate(files):
        descriptor = os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # multiprocessing has made it empty
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["civic", *arguments]
    main()
