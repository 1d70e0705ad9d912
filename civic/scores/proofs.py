"""Whether a kept history is in a release: the page where files are checked, its JSON, and the program `verify.py`."""

import asyncio
from collections.abc import Mapping
from json import JSONDecodeError

from babel.support import LazyProxy
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import Invalid, NotFound
from civic.history_proof import (
    KeptHistory,
    ProofResult,
    ReleasedHistory,
    compare_history,
    read_history_proof,
    read_instant,
)
from civic.i18n import lazy as _
from civic.scores import queries
from civic.scores.bundle import VERIFY_FILE, build_verify
from civic.scores.method.files import sha256_hex
from civic.scores.schemas import EventProofAnswer, HistoryProofAnswer, KeptHistoryAnswer
from civic.web import Who, json_answer, read_form, render, route, wants_json

RECEIPT_BYTES = 32
MAX_PROOF_BYTES = 250_000

RESULT_SENTENCES: Mapping[ProofResult, LazyProxy] = {
    ProofResult.SAME: _("Unchanged. The release has exactly these events."),
    ProofResult.GROWN: _("Unchanged. The release has these events, and later ones that follow them."),
    ProofResult.EARLIER: _("Unchanged. The release was made before your last event, and has those before it."),
    ProofResult.YOUNGER: _("Not in the release, as it should be: the case is newer than the release."),
    ProofResult.UNKNOWN: _("Not decided. The release has later events, and nothing says that they follow yours."),
    ProofResult.CHANGED: _("Changed! The release has another history of this case than the one you kept."),
    ProofResult.MISSING: _("Missing! The release has no history of this case."),
}
SCRIPT_SENTENCES: Mapping[str, LazyProxy] = {
    "seal": _("it is what its seal covers"),
    "seal-wrong": _("it is NOT what its seal covers"),
    "file": _("this is the file that the release names"),
    "file-wrong": _("this is NOT the file that the release names"),
    "root": _("its histories lead to the root in the release"),
    "root-wrong": _("its histories do NOT lead to the root in the release"),
    "broken": _("cannot be read, or its hashes do not cover its words"),
    "needs-release": _("needs release.json beside it"),
    "needs-chains": _("needs chains.csv beside it"),
    "unknown-file": _("is no file of a release, and no history proof"),
    **{f"history-{result.value}": sentence for result, sentence in RESULT_SENTENCES.items()},
}


async def proof(request: Request) -> Response:
    """The page where a release and a kept history are checked; with ?case=, the proof of a history: always JSON."""
    if "case" not in request.query_params and not wants_json(request):
        return await _show_page(request)
    request.state.json_only = True
    number = request.query_params.get("case", "").strip()
    if not number:
        raise Invalid(fields={"case": _("Please give the number of the case.")})
    release_id = request.path_params["release"]
    receipt = _parse_receipt(request.query_params.get("receipt", "").strip())
    history = await queries.prove_history(release_id, number)
    if receipt is None:
        return json_answer(HistoryProofAnswer(release=release_id, **history))
    digests = await queries.list_digests(number, receipt, bytes.fromhex(history["head"]))
    events = [digest.hex() for digest in digests]
    return json_answer(EventProofAnswer(release=release_id, **history, receipt=receipt.hex(), digests=events))


async def check_kept_history(request: Request) -> Response:
    """Check the history proof that somebody sends: for browsers without JavaScript, and for programs."""
    try:
        kept = await _read_kept(request)
        result = await _compare(request.path_params["release"], kept)
    except Invalid as error:
        if wants_json(request):
            raise
        return await _show_page(request, status=error.status, error=error.fields["history"])
    if wants_json(request):
        return json_answer(KeptHistoryAnswer.of(request.path_params["release"], kept, result))
    return await _show_page(request, kept=kept, result=result)


async def download_verify(request: Request) -> Response:
    """The program that checks a release with the downloads alone, one file of plain Python."""
    data = build_verify()
    headers = {
        "Content-Disposition": f'attachment; filename="{VERIFY_FILE}"',
        "Cache-Control": "public, max-age=3600",
        "ETag": f'"{sha256_hex(data)}"',
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type="text/x-python; charset=utf-8")


async def _show_page(
    request: Request,
    *,
    status: int = 200,
    kept: KeptHistory | None = None,
    result: ProofResult | None = None,
    error: object = "",
) -> Response:
    published = await queries.find_release(request.path_params["release"])
    if published is None:
        raise NotFound()
    context = {
        "release": published.entry,
        "document": published.document,
        "kept": kept,
        "result": result,
        "sentence": RESULT_SENTENCES[result] if result else "",
        "error": error,
        "sentences": {name: str(sentence) for name, sentence in SCRIPT_SENTENCES.items()},
    }
    return render(request, "scores/proof.html", context, status=status)


async def _read_kept(request: Request) -> KeptHistory:
    sent = (await read_form(request)).get("history")
    data = await sent.read(MAX_PROOF_BYTES + 1) if isinstance(sent, UploadFile) else str(sent or "").encode()
    if not data.strip():
        raise Invalid(fields={"history": _("Please choose the file that you kept.")})
    try:
        return await asyncio.to_thread(read_history_proof, data)
    except (JSONDecodeError, UnicodeDecodeError):
        raise Invalid(fields={"history": _("This is no history proof: it is not JSON.")}) from None
    except ValueError as error:
        reason = _("This is no history proof, or it was changed: %(why)s.", why=error)
        raise Invalid(fields={"history": reason}) from error


async def _compare(release_id: str, kept: KeptHistory) -> ProofResult:
    """Compare with the release, with the steps that the site itself has; if it has none, the history was changed."""
    document = await queries.get_document(release_id)
    head = (await queries.get_history_tree(release_id)).heads.get(kept.case)
    steps: list[bytes] = []
    if head is not None and head not in kept.hashes:
        try:
            steps = await queries.list_digests(kept.case, kept.head, head)
        except NotFound:
            return ProofResult.CHANGED
    return compare_history(kept, ReleasedHistory(head, steps), read_instant(document["made_at"]))


def _parse_receipt(text: str) -> bytes | None:
    try:
        receipt = bytes.fromhex(text)
    except ValueError:
        receipt = b""
    if text and len(receipt) != RECEIPT_BYTES:
        raise Invalid(fields={"receipt": _("The hash of an event has 64 digits from 0 to 9 and a to f.")})
    return receipt or None


routes: list[BaseRoute] = [
    route("/scores/verify.py", download_verify, who=Who.ANYONE),
    route(
        "/scores/releases/{release:str}/proof",
        proof,
        who=Who.ANYONE,
        answers=HistoryProofAnswer | EventProofAnswer,
        counted=True,
    ),
    route(
        "/scores/releases/{release:str}/proof",
        check_kept_history,
        who=Who.ANYONE,
        methods=("POST",),
        answers=KeptHistoryAnswer,
        counted=True,
    ),
]
