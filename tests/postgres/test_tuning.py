"""The embedded server has settings for its machine, but for those that an operator set."""

from collections.abc import Callable
from pathlib import Path

import pytest

from civic.postgres.tuning import Machine, read_machine, settings_for

from .conftest import Program

Run = Callable[..., Program]
GB = 2**30
BYTES = "SELECT pg_size_bytes(current_setting('{}'))"


@pytest.mark.parametrize("memory", [GB // 4, 2 * GB, 23 * GB, 512 * GB])
@pytest.mark.parametrize("processors", [1, 2, 64])
def test_they_fit_into_the_machine(memory: int, processors: int) -> None:
    settings = settings_for(Machine(memory, processors))
    buffers, work = (int(settings[name].removesuffix("MB")) * 2**20 for name in ("shared_buffers", "work_mem"))
    assert buffers <= memory // 2
    assert buffers + 20 * work <= memory  # twenty lists that are sorted at once
    assert int(settings["max_parallel_workers_per_gather"]) < max(processors, 2)


def test_a_container_has_what_it_may_use(tmp_path: Path) -> None:
    whole = read_machine(tmp_path)
    (tmp_path / "memory.max").write_text("536870912\n")
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert read_machine(tmp_path) == Machine(2**29, 1)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert read_machine(tmp_path) == whole
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{2**30}\n")  # control groups of the first version
    assert read_machine(tmp_path).memory == 2**30


def test_the_server_is_started_with_them_and_what_the_operator_set_stands(run: Run, var: Path) -> None:
    settings = settings_for(read_machine())
    program = run(var, durable=True)
    work_mem = int(settings["work_mem"].removesuffix("MB")) * 2**20
    assert program.ask(BYTES.format("work_mem")) == work_mem
    assert program.ask(BYTES.format("shared_buffers")) == int(settings["shared_buffers"].removesuffix("MB")) * 2**20
    program.ask("ALTER SYSTEM SET work_mem = '5MB'")
    program.ask("ALTER SYSTEM SET jit = on")  # not one of those for the machine
    program.end()
    again = run(var, durable=True)
    assert again.ask(BYTES.format("work_mem")) == 5 * 2**20
    assert again.ask("SHOW jit") == "off"
    again.ask("ALTER SYSTEM RESET ALL")
    again.end()
