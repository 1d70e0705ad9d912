"""Comparing the index of an engine with what it should hold, range by range."""

from civic.search.engine import Differences, Engine, IndexComparison, OnProgress, S


async def check(engine: Engine[S], on_progress: OnProgress = lambda done, total: None) -> Differences:
    """Every difference. What is on its way is none. Raises EngineDown where there is no index to compare."""
    differences, total = Differences(), await engine.total()
    async for part in engine.ranges():
        comparison = await engine.compare(part)
        _classify(comparison, differences)
        differences.compared += len(comparison.expected.keys() | comparison.held.keys())
        on_progress(min(differences.compared, total), total)
    differences.extra += await engine.strays()
    return differences


def _classify(comparison: IndexComparison, differences: Differences) -> None:
    expected, held = comparison.expected, comparison.held
    for key in sorted((expected.keys() | held.keys()) - comparison.pending):
        if key not in held:
            differences.missing.append(key)
        elif key not in expected:
            differences.extra.append(key)
        elif expected[key] != held[key]:
            differences.different.append(key)
