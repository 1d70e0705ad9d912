"""`python -m workers`, with one worker more: `trial`, whose job does what its payload says.

It handles deliver jobs, as the kinds of jobs are a closed list: {"do": "wait"} writes `began` and waits for the file
`go`; {"do": "fail"} raises; {"do": "note"} writes a line. What it does goes to the folder TRIAL.
"""

import asyncio
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from civic.cli.common import report_errors
from civic.jobs.actions import Job
from workers import __main__ as program
from workers import runner

FOLDER = Path(os.environ["TRIAL"])


async def handle(payload: dict[str, Any]) -> None:
    with (FOLDER / "done").open("a") as file:
        file.write(f"began {payload['do']} {os.getpid()}\n")
    if payload["do"] == "fail":
        raise ValueError("told to fail, about someone@example.org")
    while payload["do"] == "wait" and not (FOLDER / "go").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    with (FOLDER / "done").open("a") as file:
        file.write(f"ended {payload['do']} {os.getpid()}\n")


trial = ModuleType("workers.trial")
trial.JOB, trial.handle = Job.DELIVER, handle  # type: ignore[attr-defined]
sys.modules["workers.trial"] = trial
known = runner.worker_names()
runner.worker_names = lambda: [*known, "trial"]  # type: ignore[assignment]

if __name__ == "__main__":
    with report_errors():
        program.main(sys.argv[1:])
