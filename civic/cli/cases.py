"""`civic cases`: erase a text from the history of a case."""

from typing import Annotated

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config

commands = command_group()
cases = command_group("cases", "Cases and their histories.")
commands.add_typer(cases)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="What people call the case: 26-118340.")]


@cases.command("erase")
def erase(
    number: Number,
    seq: Annotated[int, typer.Argument(metavar="EVENT", help="The number of the event in the case's history.")],
    as_json: AsJson = False,
) -> None:
    """Erase the text of one event, for somebody who has a right to it. Its hash stays, so the history still holds."""
    from civic.cases.actions import erase_event_text

    async def work(_: Config) -> None:
        await erase_event_text(number, seq)

    run_with_database(work)
    print_answer(
        {"case": number, "seq": seq, "erased": True}, f"The text of event {seq} of {number} is erased.", as_json
    )
