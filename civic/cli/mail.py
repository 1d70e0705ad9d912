"""`civic mail`: whether mails leave."""

from typing import Annotated

import typer

from civic.cli.common import AsJson, command_group, print_answer, run_with_database
from civic.config import Config
from civic.errors import CivicError, Invalid

commands = command_group("mail", "Mails, and the server that takes them.")


@commands.command("test")
def send_test(address: Annotated[str, typer.Argument(help="Who gets it.")], as_json: AsJson = False) -> None:
    """Send a mail now, by the settings as they are, and say what the mail server answered."""
    from civic.accounts.forms import clean_email

    try:
        recipient = clean_email(address)
    except ValueError:
        raise Invalid(f"{address} is no e-mail address.") from None
    where = run_with_database(lambda config: _send(config, recipient))
    print_answer({"address": recipient, "sent_to": where}, f"Handed to {where}.", as_json)


async def _send(config: Config, recipient: str) -> str:
    """Send the mail; where it went. Raises CivicError with what the server said."""
    from civic.accounts.forms import clean_email
    from civic.city.queries import city
    from civic.notifications.channels import MessagePutOff, MessageRefused
    from civic.notifications.mail import compose_test_mail, open_mail_server, write_mail

    mail = compose_test_mail(recipient, await city(), config).as_bytes()
    if not config.mail.url.get_secret_value():
        path = config.paths.var / "outbox" / "test.eml"
        write_mail(path, mail)
        return f"{path}, as mail.url names no server"
    server = open_mail_server(config)
    try:
        await server.send(clean_email(config.mail.sender), recipient, mail)
    except MessageRefused as error:
        raise CivicError(f"The mail server refused it: {error}") from error
    except MessagePutOff as error:
        raise CivicError(f"It could not be handed over now: {error}") from error
    finally:
        await server.close()
    return f"{server.server.host} port {server.server.port}"
