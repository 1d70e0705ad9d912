"""`civic pack new`: a whole pack to start from, written from an OpenStreetMap extract."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from civic.errors import SetupError
from civic.geo.features import Progress
from civic.geo.tile_maker import BaseMapError
from civic.i18n import gettext as _
from civic.packs.base_map import EXTRACT
from civic.packs.contents import Pack
from civic.packs.reader import read_pack
from civic.packs.starter_facts import CityFacts, find_facts
from civic.packs.starter_files import write_files


@dataclass(frozen=True)
class NewPack:
    """A pack that was written, as it reads, and what was found out for it."""

    facts: CityFacts
    pack: Pack


@dataclass(frozen=True)
class StarterOptions:
    """What somebody says of a new pack; "" for what is to be found out. `link`: do not copy the extract."""

    country: str = ""
    name: str = ""
    link: bool = False


def write_pack(folder: Path, extract: Path, options: StarterOptions, on_progress: Progress) -> NewPack:
    """Write a pack to `folder`, whole or not at all.

    Raises SetupError where there is something already, and for an extract that no city can be made of.
    """
    if folder.exists() or folder.is_symlink():
        raise SetupError(_("%(path)s is there already: a new pack needs a new folder.", path=folder))
    if not extract.is_file():
        raise SetupError(_("There is no file %(path)s.", path=extract))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-pack-", dir=folder.parent) as work:
        made = Path(work) / "pack"
        made.mkdir()
        facts = _find_facts(extract, Path(work), options, on_progress)
        for name, text in write_files(facts).items():
            (made / name).write_text(text, "utf-8")
        pack = read_pack(made)
        _bring(extract, made / EXTRACT, link=options.link)
        if folder.exists():
            raise SetupError(_("%(path)s is there already: a new pack needs a new folder.", path=folder))
        made.rename(folder)
    return NewPack(facts, pack)


def _find_facts(extract: Path, work: Path, options: StarterOptions, on_progress: Progress) -> CityFacts:
    from civic.geo.osm_survey import survey_extract  # brings a library that the web process does not need

    try:
        survey = survey_extract(extract, work, on_progress)
    except BaseMapError as error:
        raise SetupError(f"{extract}: {error}") from error
    return find_facts(survey, options.country, options.name)


def _bring(extract: Path, target: Path, *, link: bool) -> None:
    if link:
        os.symlink(extract.resolve(), target)
    else:
        shutil.copyfile(extract, target)
