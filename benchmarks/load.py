"""Requests from outside, by wrk (`apt install wrk`): it takes a tenth of what a program of Python would take."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

# wrk's own words come before; the last line is ours. `{n}` in a body or a path is a number that no other request has.
SCRIPT = """
local n, k = tonumber(os.getenv("FIRST")), 0
local requests = REQUESTS
function request()
  k = k % #requests + 1
  n = n + 1
  local r = requests[k]
  local body = r.body and r.body:gsub("{n}", n) or nil
  return wrk.format(r.method, (r.path:gsub("{n}", n)), r.headers, body)
end
function done(summary, latency)
  io.write(string.format(
    "\\n%d %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Ask:
    """A request as it is sent."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Load:
    """What came of a time of requests. `p50` and `p99` are milliseconds; `cpu` is what wrk itself took, seconds."""

    requests: int
    seconds: float
    refused: int  # answers of 400 and more
    broken: int  # no answer
    p50: float
    p99: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run_load(address: str, asks: list[Ask], *, connections: int, seconds: float, first: int = 0) -> Load:
    """Ask one after the other on each of so many connections, which stay open. Raises SystemExit without wrk."""
    if shutil.which("wrk") is None:
        raise SystemExit("The program wrk sends the requests: apt install wrk")
    with tempfile.NamedTemporaryFile("wb", suffix=".lua") as script:
        lua = SCRIPT.encode()
        script.write(lua.replace(b"REQUESTS", b"{" + b",".join(map(_lua, asks)) + b"}"))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s", "-s", script.name, address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"FIRST": str(first)})
        said = process.stdout.read().decode() if process.stdout else ""
        _pid, _status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    numbers = re.findall(r"^(?:\d+ ){5}\d+$", said, re.MULTILINE)
    if not numbers:
        raise SystemExit(f"wrk said: {said}")
    requests, micros, refused, broken, p50, p99 = map(int, numbers[-1].split())
    return Load(requests, micros / 1e6, refused, broken, p50 / 1000, p99 / 1000, usage.ru_utime + usage.ru_stime)


def _lua(ask: Ask) -> bytes:
    headers = ",".join(f"[{_quote(name.encode()).decode()}]={_text(value)}" for name, value in ask.headers.items())
    body = b",body=" + _quote(ask.body) if ask.body else b""
    return f"{{method={_text(ask.method)},path={_text(ask.path)},headers={{{headers}}}".encode() + body + b"}"


def _text(value: str) -> str:
    return json.dumps(value)


def _quote(data: bytes) -> bytes:
    """A string of Lua, byte for byte."""
    return b'"' + b"".join(bytes([b]) if 32 <= b < 127 and b not in b'"\\' else b"\\%03d" % b for b in data) + b'"'
