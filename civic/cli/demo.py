"""`civic demo`"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from civic.cli.common import AsJson, print_answer, run_with_database
from civic.config import Config

if TYPE_CHECKING:
    from civic.demo.actions import DemoAccounts

commands = typer.Typer()


Live = Annotated[bool, typer.Option("--live", help="Go on: people post and departments work, until Ctrl-C.")]
Every = Annotated[float, typer.Option(min=0.1, max=3600, help="With --live: mean seconds between two deeds.")]


@commands.command("demo")
def demo(live: Live = False, every: Every = 6, as_json: AsJson = False) -> None:
    """Make the demo city, with posts to look at, in an empty database; or let the one that is there live on."""
    if live:
        _live(every)
        return
    from civic.demo.actions import make_demo

    async def work(config: Config) -> "DemoAccounts":
        return await make_demo(config, _show_step)

    demo_accounts = run_with_database(work, create=True)
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
    print_answer(
        {"password": demo_accounts.password, "accounts": demo_accounts.accounts}, _text(demo_accounts), as_json
    )


def _live(every: float) -> None:
    from civic.demo.live import keep_alive

    async def work(config: Config) -> None:
        await keep_alive(config, every, lambda number: _show_step(f"{number} deeds"))

    run_with_database(work)


def _show_step(step: str) -> None:
    """On a terminal, show the step on one line that changes; elsewhere nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{step}")
        sys.stderr.flush()


def _text(made: "DemoAccounts") -> str:
    accounts = "\n".join(f"  {one}" for one in made.accounts)
    return f"The made-up city Riverside is ready. Sign in, with the password {made.password}, as\n{accounts}"
