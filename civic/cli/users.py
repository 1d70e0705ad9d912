"""`civic user add|list|disable|password`"""

import getpass
import secrets
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from civic.accounts.models import Role
from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config
from civic.errors import Invalid

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


@users.command("disable")
def disable(email: Named, as_json: AsJson = False) -> None:
    """Sign somebody out everywhere, for good. What they wrote stays."""
    from civic.accounts.actions import disable_user

    async def work(_: Config) -> None:
        await disable_user(email)

    run_with_database(work)
    print_answer({"email": email, "disabled": True}, f"{email} cannot sign in any more.", as_json)


@users.command("password")
def password(email: Named, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Set somebody's password anew; they are signed out everywhere."""
    from civic.accounts.actions import reset_password
    from civic.accounts.forms import check_password

    new, made = _password(password_stdin)
    if fault := check_password(new, email):
        raise Invalid(fault)

    async def work(_: Config) -> None:
        await reset_password(email, new)

    run_with_database(work)
    said: dict[str, object] = {"email": email, **({"password": new} if made else {})}
    print_answer(said, f"{email} has a new password{f': {new}' if made else '.'}", as_json)
