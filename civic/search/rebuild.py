"""Rebuilding the index of an engine. Searches go on meanwhile; stopped, the next rebuild continues where it was."""

from civic.errors import Conflict
from civic.lasting_locks import lock_connection
from civic.search.engine import Engine, OnProgress, RebuildState, S


async def rebuild(engine: Engine[S], on_progress: OnProgress = lambda done, total: None) -> int:
    """Write every document again, and drop what should not be there; how many were looked at.

    Raises Conflict while another process rebuilds the same index, and EngineDown where the engine cannot do it.
    """
    async with lock_connection() as connection:
        if not await connection.try_lock(engine.lock):
            raise Conflict("The index is being rebuilt already.")
        try:
            state: S | None = await engine.begin_rebuild(connection)
            while state is not None:
                last: RebuildState = state
                on_progress(min(last.done, last.total), last.total)
                state = await engine.continue_rebuild(state, connection)
            return last.done
        finally:
            await connection.unlock(engine.lock)


async def rebuild_part(engine: Engine[S]) -> bool:
    """One part of a rebuild, which is begun if none is; whether there is more to do.

    For a worker, which has something else to do in between: the changes that came meanwhile.
    """
    async with lock_connection() as connection:
        if not await connection.try_lock(engine.lock):
            return False  # another process does it
        try:
            state = await engine.begin_rebuild(connection)
            return await engine.continue_rebuild(state, connection) is not None
        finally:
            await connection.unlock(engine.lock)
