"""A Meilisearch for tests, in this process: its documented HTTP API on a loopback port, with what can go wrong.

It is as strict as the documentation is: unknown routes, parameters, settings, attributes that may not be filtered by,
keys without the right are refused with the documented codes. What it finds is only like what the real one finds.
"""

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from tests.search.imitated_index import Index, Refused, checked

MASTER = "master-key-of-the-imitation"
TASKS = {
    "indexCreation",
    "indexDeletion",
    "indexSwap",
    "settingsUpdate",
    "documentAdditionOrUpdate",
    "documentDeletion",
}
Answer = tuple[int, Any]


@dataclass
class Task:
    uid: int
    type: str
    index: str | None
    work: Callable[[], None]
    details: dict[str, Any]
    status: str = "enqueued"
    error: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        ended = self.status in ("succeeded", "failed", "canceled")
        return {
            "uid": self.uid,
            "batchUid": self.uid if ended else None,
            "indexUid": self.index,
            "status": self.status,
            "type": self.type,
            "canceledBy": None,
            "details": self.details,
            "error": self.error,
            "duration": "PT0.001S" if ended else None,
            "enqueuedAt": now(),
            "startedAt": now() if ended else None,
            "finishedAt": now() if ended else None,
        }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


@dataclass
class Imitation:
    """The state of a server, which outlives `stop` and `start`; and what goes wrong while it is set.

    `status`: every request is answered so. `delay`: seconds before every answer. `held`: tasks are enqueued and not
    worked on. `fails(task)`: the error of a task, if it is to fail. `sees(method, path)`: called before each answer.
    `most_bytes`: of a request.
    """

    master: str = MASTER
    indexes: dict[str, Index] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0
    delay: float = 0
    held: bool = False
    fails: Callable[[Task], dict[str, Any] | None] = lambda task: None
    sees: Callable[[str, str], None] = lambda method, path: None
    port: int = 0
    most_bytes: int = 100 * 2**20

    def __post_init__(self) -> None:
        self._lock, self._server = threading.RLock(), None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Imitation":
        imitation = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                imitation.handle(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        """From now on connections are refused."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def work(self) -> None:
        """Do the tasks that were held."""
        with self._lock:
            for task in self.tasks:
                if task.status == "enqueued":
                    self._do(task)

    def lose(self) -> None:
        self.indexes.clear()

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        path = urlsplit(request.path)
        self.asked.append((request.command, path.path))
        self.sees(request.command, path.path)
        time.sleep(self.delay)
        with self._lock:
            try:
                if self.status:
                    raise Refused(self.status, "internal", "An internal error has occurred.", "internal")
                if len(body) > self.most_bytes:
                    raise Refused(413, "payload_too_large", "The provided payload reached the size limit.")
                typed = request.headers.get("Content-Type") == "application/json"
                if request.command in ("POST", "PATCH", "PUT") and not typed:
                    raise Refused(415, "missing_content_type", "A Content-Type header is missing.")
                key = request.headers.get("Authorization", "").removeprefix("Bearer ")
                query = {name: values[0] for name, values in parse_qs(path.query).items()}
                status, answer = self._route(request.command, path.path, query, json.loads(body or "null"), key)
            except Refused as refused:
                status, answer = refused.status, refused.body
        data = json.dumps(answer).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)
        except OSError:
            pass  # whoever asked has given up

    def _route(self, method: str, path: str, query: dict[str, str], body: Any, key: str) -> Answer:
        for pattern, wanted, action, function in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == wanted:
                parts = found.groups()
                index = parts[0] if parts and pattern.startswith("/indexes/") else None
                self._allowed(key, action, index)
                return function(self, *parts, body=body, query=query, key=key)  # type: ignore[no-any-return]
        raise Refused(404, "not_found", f"{method} {path}")

    def _allowed(self, key: str, action: str, index: str | None) -> None:
        if not self.master or not action:
            return
        if not key:
            raise Refused(401, "missing_authorization_header", "The Authorization header is missing.", "auth")
        known = next((one for one in self.keys.values() if one["key"] == key), None)
        if key != self.master and not (
            known and action in known["actions"] and (index is None or index in known["indexes"])
        ):
            raise Refused(403, "invalid_api_key", "The provided API key is invalid.", "auth")

    # --- tasks -------------------------------------------------------------------------------------------------------

    def _enqueue(self, kind: str, index: str | None, work: Callable[[], None], **details: Any) -> Answer:
        task = Task(len(self.tasks), kind, index, work, details)
        self.tasks.append(task)
        said = {"taskUid": task.uid, "indexUid": index, "status": "enqueued", "type": kind, "enqueuedAt": now()}
        if not self.held:
            self._do(task)
        return 202, said

    def _do(self, task: Task) -> None:
        try:
            if error := self.fails(task):
                raise Refused(400, error["code"], error["message"], error.get("type", "invalid_request"))
            task.work()
            task.status = "succeeded"
        except Refused as refused:
            task.status, task.error = "failed", refused.body

    def get_task(self, uid: str, **_: Any) -> Answer:
        if int(uid) >= len(self.tasks):
            raise Refused(404, "task_not_found", f"Task `{uid}` not found.")
        return 200, self.tasks[int(uid)].shown()

    def list_tasks(self, query: dict[str, str], **_: Any) -> Answer:
        found = [
            task.shown()
            for task in reversed(self.tasks)
            if ("types" not in query or task.type in query["types"].split(","))
            and ("statuses" not in query or task.status in query["statuses"].split(","))
        ][: int(query.get("limit", 20))]
        return 200, {"results": found, "total": len(found), "limit": 20, "from": None, "next": None}

    # --- indexes -----------------------------------------------------------------------------------------------------

    def _index(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise Refused(404, "index_not_found", f"Index `{uid}` not found.")
        return self.indexes[uid]

    def create_index(self, body: Any, **_: Any) -> Answer:
        if not re.fullmatch(r"[\w-]{1,512}", body["uid"]):
            raise Refused(400, "invalid_index_uid", "not a valid index uid")

        def work() -> None:
            if body["uid"] in self.indexes:
                raise Refused(409, "index_already_exists", f"Index `{body['uid']}` already exists.")
            self.indexes[body["uid"]] = Index(body.get("primaryKey"))

        return self._enqueue("indexCreation", body["uid"], work)

    def delete_index(self, uid: str, **_: Any) -> Answer:
        def work() -> None:
            self._index(uid)
            del self.indexes[uid]

        return self._enqueue("indexDeletion", uid, work)

    def swap(self, body: Any, **_: Any) -> Answer:
        def work() -> None:
            for pair in body:
                first, second = pair["indexes"]
                one, other = self._index(first), self._index(second)
                self.indexes[first], self.indexes[second] = other, one

        return self._enqueue("indexSwap", None, work, swaps=body)

    def get_settings(self, uid: str, **_: Any) -> Answer:
        return 200, self._index(uid).settings

    def change_settings(self, uid: str, body: Any, **_: Any) -> Answer:
        checked(body)
        return self._enqueue("settingsUpdate", uid, lambda: self.indexes.setdefault(uid, Index()).change(body))

    def stats(self, uid: str, **_: Any) -> Answer:
        count = len(self._index(uid).documents)
        return 200, {"numberOfDocuments": count, "isIndexing": False, "fieldDistribution": {}}

    # --- documents ---------------------------------------------------------------------------------------------------

    def put(self, uid: str, body: Any, **_: Any) -> Answer:
        if not isinstance(body, list):
            raise Refused(400, "malformed_payload", "expected a sequence")

        def work() -> None:
            self.indexes.setdefault(uid, Index("id")).put(body)

        return self._enqueue("documentAdditionOrUpdate", uid, work, ids=[one.get("id") for one in body])

    def delete(self, uid: str, body: Any, **_: Any) -> Answer:
        def work() -> None:
            index = self._index(uid)
            for document in index.matching(body["filter"], "invalid_document_filter"):
                del index.documents[document["id"]]

        return self._enqueue("documentDeletion", uid, work)

    def fetch(self, uid: str, body: Any, **_: Any) -> Answer:
        if unknown := body.keys() - {"offset", "limit", "fields", "filter", "ids", "sort", "retrieveVectors"}:
            raise Refused(400, "bad_request", f"Unknown field {unknown}")
        found = self._index(uid).matching(body.get("filter"), "invalid_document_filter")
        start, limit = body.get("offset", 0), body.get("limit", 20)
        some = [{k: one[k] for k in body.get("fields", one) if k in one} for one in found[start : start + limit]]
        return 200, {"results": some, "offset": start, "limit": limit, "total": len(found)}

    # --- searching, keys ---------------------------------------------------------------------------------------------

    def multi_search(self, body: Any, key: str, **_: Any) -> Answer:
        if body.keys() - {"queries", "federation"} or body.get("federation") is not None:
            raise Refused(400, "bad_request", "only what is imitated")
        results = []
        for query in body["queries"]:
            self._allowed(key, "search", query["indexUid"])
            results.append(self._index(query["indexUid"]).search(query))
        return 200, {"results": results}

    def create_key(self, body: Any, **_: Any) -> Answer:
        if UUID(body["uid"]).version != 4:
            raise Refused(400, "invalid_api_key_uid", "not a valid uid")
        if body["uid"] in self.keys:
            raise Refused(409, "api_key_already_exists", f"`uid` field value `{body['uid']}` is already in use.")
        key = hmac.new(self.master.encode(), body["uid"].encode(), hashlib.sha256).hexdigest()
        self.keys[body["uid"]] = {"description": None, "createdAt": now(), "updatedAt": now()} | body | {"key": key}
        return 201, self.keys[body["uid"]]

    def get_key(self, uid: str, **_: Any) -> Answer:
        if uid not in self.keys:
            raise Refused(404, "api_key_not_found", f"API key `{uid}` not found.")
        return 200, self.keys[uid]


INDEX = r"/indexes/([\w-]+)"
ROUTES: list[tuple[str, str, str, Callable[..., Answer]]] = [
    ("/health", "GET", "", lambda self, **_: (200, {"status": "available"})),
    ("/indexes", "POST", "indexes.create", Imitation.create_index),
    (INDEX, "DELETE", "indexes.delete", Imitation.delete_index),
    (f"{INDEX}/settings", "GET", "settings.get", Imitation.get_settings),
    (f"{INDEX}/settings", "PATCH", "settings.update", Imitation.change_settings),
    (f"{INDEX}/stats", "GET", "stats.get", Imitation.stats),
    (f"{INDEX}/documents", "POST", "documents.add", Imitation.put),
    (f"{INDEX}/documents/delete", "POST", "documents.delete", Imitation.delete),
    (f"{INDEX}/documents/fetch", "POST", "documents.get", Imitation.fetch),
    ("/tasks", "GET", "tasks.get", Imitation.list_tasks),
    (r"/tasks/(\d+)", "GET", "tasks.get", Imitation.get_task),
    ("/swap-indexes", "POST", "indexes.swap", Imitation.swap),
    ("/multi-search", "POST", "search", Imitation.multi_search),
    ("/keys", "POST", "keys.create", Imitation.create_key),
    (r"/keys/([\w-]+)", "GET", "keys.get", Imitation.get_key),
]
