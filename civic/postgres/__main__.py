"""python -m civic.postgres FOLDER LOCK DURABLE RUN_AS: the supervisor, started by `server.acquire`.

LOCK is the inherited descriptor of supervisor.lock, already locked: there is no moment without an owner.
"""

import os
import signal
import sys
from pathlib import Path

from civic.postgres.supervisor import Supervisor


def main() -> None:
    folder, lock, durable, run_as = sys.argv[1:]
    if os.fork():
        os._exit(0)  # the starter waits for this one only, and never has a child to reap
    os.set_inheritable(int(lock), False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal or a service manager signals all processes at once, while users still finish their work;
        # the supervisor ends when they have. A handler, not SIG_IGN, which children would inherit.
        signal.signal(number, lambda *_: None)
    Supervisor(Path(folder), durable=durable == "1", run_as=run_as).run()


main()
