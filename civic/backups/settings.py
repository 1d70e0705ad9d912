"""The settings in force as a file: for whoever sets up the next machine. No password is in it."""

import json
from collections.abc import Iterator

from pydantic import SecretStr

from civic.config import Config, ConfigSection

HEAD = """\
# The settings that were in force when the backup was made, those of the environment included.
# What opens other servers is left out, and named: it comes from where it came from the first time.
"""
# geopy's options hold keys of other servers.
LEFT_OUT = ("geocoder.options",)


def write_settings(config: Config) -> str:
    """Every setting that is not its default, as TOML."""
    parts = [HEAD]
    for name in Config.model_fields:
        section: ConfigSection = getattr(config, name)
        if lines := list(_lines(name, section)):
            parts.append("\n".join([f"\n[{name}]", *lines, ""]))
    return "".join(parts)


def _lines(section_name: str, section: ConfigSection) -> Iterator[str]:
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if value == field.default:
            continue
        if isinstance(value, SecretStr) or f"{section_name}.{key}" in LEFT_OUT:
            yield f"# {key} was set"
        elif isinstance(value, bool | int | float):
            yield f"{key} = {json.dumps(value)}"
        else:
            yield f"{key} = {_quote(str(value))}"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
