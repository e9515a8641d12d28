"""A snapshot of the standard library's tracemalloc as a trace."""

import os
import pickle
import tracemalloc

import pmtrace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple


class _Import(pmtrace.Recorder):
    """Puts in no hook: what it writes comes from elsewhere."""

    def _modes(self):
        # type: () -> List[str]
        return []


class _Unpickler(pickle.Unpickler):
    """Makes nothing but what Snapshot.dump() wrote."""

    def find_class(self, module, name):
        # type: (str, str) -> Any
        if module == "tracemalloc" and name in ("Snapshot", "_Traces"):
            return super(_Unpickler, self).find_class(module, name)
        raise pickle.UnpicklingError("it holds %s.%s" % (module, name))


def _load(path):
    # type: (Any) -> tracemalloc.Snapshot
    name = os.fspath(path)
    with open(name, "rb") as file:
        try:
            snapshot = _Unpickler(file).load()
            _traces(snapshot)
        except Exception as error:
            raise ValueError("%s: is no snapshot of tracemalloc: %s"
                             % (os.fsdecode(name), error))
    return snapshot  # type: ignore


def _traces(snapshot):
    # type: (Any) -> Any
    """The raw traces: (domain, size, ((file, line), ... the innermost first),
    ...) each."""
    return snapshot.traces._traces


def rows_of(snapshot):
    # type: (Any) -> List[Tuple[Tuple[Tuple[str, int], ...], int, int, int]]
    """(frames, bytes, blocks, domain) of each stack, the largest first."""
    sums = {}  # type: Dict[Any, List[int]]
    for trace in _traces(snapshot):
        total = sums.setdefault((trace[2], trace[0]), [0, 0])
        total[0] += trace[1]
        total[1] += 1
    rows = [(frames, size, count, domain)
            for (frames, domain), (size, count) in sums.items()]
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    return rows


def write(path, snapshot, name, force):
    # type: (Any, Any, str, bool) -> str
    if not isinstance(name, str):
        raise TypeError("a snapshot's name must be a str")
    values = ()  # type: Tuple[Tuple[str, str, int], ...]
    if snapshot is None:
        if not tracemalloc.is_tracing():
            raise RuntimeError("tracemalloc is not tracing")
        current, peak = tracemalloc.get_traced_memory()
        values = (("traced", "B", current), ("traced peak", "B", peak),
                  ("tracemalloc's own", "B",
                   tracemalloc.get_tracemalloc_memory()))
        snapshot = tracemalloc.take_snapshot()
    elif not isinstance(snapshot, tracemalloc.Snapshot):
        snapshot = _load(snapshot)
    rows = rows_of(snapshot)
    limit = int(snapshot.traceback_limit)
    values += (("traceback limit", "", limit),)
    recorder = _Import(path, "snapshot", force=force)
    with recorder:
        recorder._extension.snapshot_rows(name, rows, values)
    return recorder.path
