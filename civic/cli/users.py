"""`civic user add|list|set|disable|enable|password`"""

import getpass
import os
import secrets
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from civic import logs
from civic.accounts.models import Role
from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config
from civic.errors import Invalid

log = logs.get_logger(__name__)

commands = typer.Typer()
users = command_group("user", "People who sign in.")
commands.add_typer(users)

Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Named = Annotated[
    str,
    typer.Argument(
        metavar="EMAIL|ID", help="The id, which `civic user list` shows, names one of several with an e-mail."
    ),
]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def _password(from_stdin: bool) -> tuple[str, bool]:
    """The new password, and whether it was made here: asked for twice on a terminal, else made and printed."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(12), True
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise Invalid("The two passwords differ.")
    return first, False


@users.command("add")
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.CITIZEN,
    department: Annotated[list[str] | None, typer.Option(help="Slug of a department they act for; repeatable.")] = None,
    name: Annotated[str, typer.Option(help="Shown beside what they write.")] = "",
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add somebody who can sign in."""
    from civic.accounts.forms import SignUpForm
    from civic.catalogue.members import add_user

    password, made = _password(password_stdin)

    async def work(_: Config) -> dict[str, object]:
        entry = SignUpForm.read({"email": email, "password": password, "name": name})
        user = await add_user(entry, role, department or [])
        _note_change(user.id, "add", role=user.role, departments=department or [])
        return {"id": user.id, "email": user.email, "role": user.role, "departments": department or []}

    said = run_with_database(work)
    if made:
        said["password"] = password
    print_answer(said, f"Added {email} ({role}).{f' Password: {password}' if made else ''}", as_json)


@users.command("list")
def list_users(citizens: Annotated[bool, typer.Option(help="Citizens too.")] = False, as_json: AsJson = False) -> None:
    """List staff: role, e-mail, departments."""
    from civic.catalogue.members import list_users as read

    async def work(_: Config) -> list[dict[str, object]]:
        return [asdict(one) for one in await read(citizens=citizens)]

    found = run_with_database(work)
    print_answer(found, "\n".join(map(_line, found)) or "Nobody yet.", as_json)


def _line(user: dict[str, object]) -> str:
    departments = user["departments"]
    assert isinstance(departments, list)
    unconfirmed = "" if user["confirmed"] else "  (e-mail not confirmed)"
    disabled = "  (disabled)" if user["disabled"] else ""
    return f"{user['id']:>6} {user['role']!s:12} {user['email']}  {', '.join(departments)}{unconfirmed}{disabled}"


@users.command("set")
def set_user(
    email: Named,
    role: Annotated[Role | None, typer.Option(help="What they may do.")] = None,
    department: Annotated[
        list[str] | None, typer.Option(help="Slug of a department they act for, instead of all before; repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Shown beside what they write.")] = None,
    new_email: Annotated[str | None, typer.Option("--email", help="The email they sign in with from now on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change somebody's role, departments, name or email. It holds at once, also where they are signed in."""
    from civic.catalogue.members import UserChangeForm, change_user

    given = {"role": role, "department": department or None, "name": name, "email": new_email}
    asked = {key: value for key, value in given.items() if value is not None}
    if not asked:
        raise Invalid("Say what to change: --role, --department, --name or --email.")

    async def work(_: Config) -> dict[str, object]:
        user = await change_user(email, UserChangeForm.read(asked))
        _note_change(user.id, f"set {', '.join(asked)}", role=user.role, departments=user.departments)
        return asdict(user)

    changed = run_with_database(work)
    print_answer(changed, _line(changed), as_json)


@users.command("disable")
def disable(email: Named, as_json: AsJson = False) -> None:
    """Sign somebody out everywhere, until they are enabled again. What they wrote stays."""
    from civic.accounts.actions import disable_user

    async def work(_: Config) -> None:
        _note_change((await disable_user(email)).id, "disable")

    run_with_database(work)
    print_answer({"email": email, "disabled": True}, f"{email} cannot sign in any more.", as_json)


@users.command("enable")
def enable(email: Named, as_json: AsJson = False) -> None:
    """Let somebody who was disabled sign in again."""
    from civic.accounts.actions import enable_user

    async def work(_: Config) -> None:
        _note_change((await enable_user(email)).id, "enable")

    run_with_database(work)
    print_answer({"email": email, "disabled": False}, f"{email} can sign in again.", as_json)


@users.command("password")
def password(email: Named, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Set somebody's password anew; they are signed out everywhere."""
    from civic.accounts.actions import reset_password
    from civic.accounts.forms import check_password

    new, made = _password(password_stdin)
    if fault := check_password(new, email):
        raise Invalid(fault)

    async def work(_: Config) -> bool:
        user = await reset_password(email, new)
        _note_change(user.id, "password")
        return user.disabled_at is not None

    disabled = run_with_database(work)
    said: dict[str, object] = {"email": email, "disabled": disabled, **({"password": new} if made else {})}
    text = f"{email} has a new password{f': {new}' if made else '.'}"
    if disabled:
        text += f"\n{email} is disabled and cannot sign in: civic user enable {email}"
    print_answer(said, text, as_json)


def _note_change(user_id: int, what: str, **more: object) -> None:
    """A line of the log: which account of this machine changed which account of the city. It has no names or emails."""
    log.warning("account changed", by=os.environ.get("SUDO_USER") or getpass.getuser(), user=user_id, what=what, **more)
