"""`civic openapi`"""

import json
import sys

from civic.cli.common import command_group

commands = command_group()


@commands.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 description of the JSON API. Needs neither a database nor a configuration."""
    from civic.api.openapi import describe_api
    from civic.app import routes

    json.dump(describe_api(routes()), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
