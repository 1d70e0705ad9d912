"""`civic due PACK CALENDAR START TARGET`"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from civic.cli.common import AsJson, print_answer
from civic.errors import Invalid

commands = typer.Typer()


@commands.command("due")
def due(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The pack's folder.")],
    calendar: Annotated[str, typer.Argument(metavar="CALENDAR", help="Slug of one of its calendars.")],
    start: Annotated[str, typer.Argument(metavar="START", help="2026-11-13T16:30, in the calendar's zone.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help='"4 working hours", "3 working days" …')],
    as_json: AsJson = False,
) -> None:
    """Try a promise: print by when it has to be kept. Needs no database."""
    from civic.packs.reader import read_pack
    from civic.sla import targets
    from civic.sla.calendars import OutsideCalendar, WorkingCalendar
    from civic.suggestions import unknown_name

    city = read_pack(pack)
    calendars = {one.slug: one for one in city.calendars}
    if calendar not in calendars:
        raise Invalid(fields={"CALENDAR": unknown_name(calendar, calendars)})
    hours = WorkingCalendar.build(calendars[calendar].spec(city.city.zone))
    try:
        wanted = targets.parse_target(target)
    except ValueError as error:
        raise Invalid(fields={"TARGET": error}) from None
    try:
        began = datetime.fromisoformat(start)
        began = began if began.tzinfo else began.replace(tzinfo=hours.zone)
        ends = targets.due(wanted, began, hours).astimezone(hours.zone)
    except OutsideCalendar as error:
        raise Invalid(fields={"START": error}) from None
    except ValueError:
        raise Invalid(fields={"START": f"{start!r} is no time such as 2026-11-13T16:30"}) from None
    values = {"start": began.isoformat(), "target": str(wanted), "due": ends.isoformat(), "zone": hours.zone.key}
    print_answer(values, f"{ends:%a %Y-%m-%d %H:%M} ({hours.zone.key})", as_json)
