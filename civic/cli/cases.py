"""`civic cases`: check the histories of cases, and erase a text from one."""

from typing import Annotated

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config

commands = command_group()
cases = command_group("cases", "Cases and their histories.")
commands.add_typer(cases)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="What people call the case: 26-118340.")]


@cases.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Follow every case's history along its chain of hashes; ends with 1 if one was changed."""
    from civic.cases.history import HistoryCheck, check_histories

    async def work(_: Config) -> HistoryCheck:
        return await check_histories()

    checked = run_with_database(work)
    faults = [{"case": number, "seq": fault.seq, "why": fault.why} for number, fault in checked.faults.items()]
    lines = [f"case {number}, event {fault.seq}: {fault.why}" for number, fault in checked.faults.items()]
    summary = f"{checked.cases:,} histories checked, {len(faults)} changed"
    print_answer({"cases": checked.cases, "faults": faults}, "\n".join([*lines, summary]), as_json)
    if faults:
        raise SystemExit(1)


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
