"""The command line of `verify.py`: one file of plain Python that checks a release with the downloads alone.

    python verify.py RELEASE.json                      are the figures right?
    python verify.py proof RELEASE.json HISTORY.json   is the history that I kept still in it?

The files of the release (assignments.csv, ratings.csv, chains.csv) lie beside RELEASE.json, or in the folder of --data.
Ends with 0 if everything is right, with 1 if something differs, with 2 if a file cannot be read.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from civic.scores.proof_check import check_previous, check_proof_files
from civic.scores.verify import verify_folder

EXIT_DIFFERENT, EXIT_UNREADABLE = 1, 2


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name; return the exit code."""
    is_proof = arguments[:1] == ["proof"]
    try:
        return _run_proof(arguments[1:]) if is_proof else _run_verify(arguments)
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be read: {error.strerror}\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
    return EXIT_UNREADABLE


def _run_verify(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("verify.py", description="Compute every figure of a release again from its files.")
    parser.add_argument("release", metavar="RELEASE.json", type=Path)
    parser.add_argument("--data", metavar="DIR", type=Path, help="where the other files of the release are")
    options = parser.parse_args(arguments)
    document, checked = verify_folder(options.release, options.data or options.release.parent)
    words, is_right = check_previous(document, options.data or options.release.parent)
    sys.stdout.write(f"{checked.verdict}\n{words}\n")
    return EXIT_DIFFERENT if checked.discrepancies or is_right is False else 0


def _run_proof(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("verify.py proof", description="Is the history that I kept still in a release?")
    parser.add_argument("release", metavar="RELEASE.json", type=Path)
    parser.add_argument("proof", metavar="HISTORY.json", type=Path)
    parser.add_argument("later", metavar="LATER.json", type=Path, nargs="?", help="an answer of the site, if asked for")
    parser.add_argument("--data", metavar="DIR", type=Path, help="where chains.csv is")
    options = parser.parse_args(arguments)
    folder = options.data or options.release.parent
    report = check_proof_files(options.release, options.proof, options.later, folder)
    sys.stdout.write("".join(f"{line}\n" for line in report.lines()))
    return 0 if report.result.holds else EXIT_DIFFERENT
