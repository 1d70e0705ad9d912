"""`python -m workers [NAME…]`: run these workers, or all, until SIGINT or SIGTERM; the job in hand is finished."""

import asyncio
import os
import sys
import threading

from civic import config as configuration
from civic import db, logs
from civic.cli.common import exit_on_signals, report_errors
from civic.errors import SetupError
from civic.privileges import leave_root, make_files_private
from workers import runner

WHILE_STDIN = "--while-stdin"  # end when stdin does, which it does with the process that started us


def main(arguments: list[str]) -> None:
    names = [one for one in arguments if one != WHILE_STDIN]
    known = runner.worker_names()
    for name in names:
        if name not in known:
            raise SetupError(f"There is no worker {name!r}. There are: {', '.join(known)}.")
    make_files_private()
    config = configuration.load_config()
    leave_root(config)
    logs.set_up_logging(config.server.log)
    with exit_on_signals(), db.database_url(config) as url:
        stop = runner.Stop()
        if WHILE_STDIN in arguments:
            threading.Thread(target=_until_stdin_ends, args=(stop,), daemon=True).start()
        asyncio.run(runner.run_workers(config, url, names or known, stop))


def _until_stdin_ends(stop: "runner.Stop") -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set_from_thread()


if __name__ == "__main__":
    with report_errors():
        main(sys.argv[1:])
