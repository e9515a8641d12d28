"""What is tried out in the running interpreter before it is recorded."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

# Enough to leave no doubt; at 3.13.0 about 1 in 3,000 is reported.
OBJECTS = 1000

_stacks = ()  # type: Tuple[Optional[str], ...]
_destroys = ()  # type: Tuple[bool, ...]


def _chain(frame):
    # type: (Any) -> List[Tuple[Any, int]]
    """The frames as Python sees them, the innermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_code, frame.f_lineno or 0))
        frame = frame.f_back
    return found


def _compare(walk, bad):
    # type: (Callable[[int], List[Tuple[Any, int]]], List[int]) -> int
    raw, seen = walk(10000), _chain(sys._getframe())  # on one line
    if raw != seen:
        bad.append(len(seen))
    return 0


def _generate(walk, bad):
    # type: (Any, List[int]) -> Iterator[int]
    yield _compare(walk, bad)
    yield from map(lambda _: _compare(walk, bad), [1])


def _nest(walk, bad, depth):
    # type: (Any, List[int], int) -> None
    if depth:
        _nest(walk, bad, depth - 1)
        return
    _compare(walk, bad)
    list(_generate(walk, bad))
    sorted([2, 1], key=lambda _: _compare(walk, bad))

    class _Body:
        value = _compare(walk, bad)


def stacks_problem(recorder):
    # type: (Any) -> Optional[str]
    """Why stacks can't be read in this interpreter, or None."""
    wrong = recorder.check_layout()
    if wrong is not None:
        return str(wrong)
    bad = []  # type: List[int]
    _nest(recorder.walk, bad, 3)
    if bad:
        return "frames read differ from Python's own"
    return None


def _make_objects():
    # type: () -> None
    for _ in range(OBJECTS):
        object()


def destroys_reported(recorder):
    # type: (Any) -> bool
    """False in CPython 3.13.0 to 3.13.2, which do not report most of the
    objects that they destroy (python/cpython#130382)."""
    created, destroyed = recorder.count_objects(_make_objects)
    return bool(created >= OBJECTS and destroyed >= OBJECTS)


def _alloc_hooks(modes, settings):
    # type: (List[str], Dict[str, Any]) -> List[str]
    """Names of the hooks whose records are in the trace."""
    if "alloc" not in modes and not (
            "snapshot" in modes and settings["snapshot_records"]):
        return []
    domains = settings["domains"] or "raw,mem,obj"
    hooks = ["alloc:" + name for name in ("raw", "mem", "obj")
             if name in domains.split(",")]
    if settings["sample_bytes"]:
        hooks.append("alloc:sampled:%d" % settings["sample_bytes"])
    return hooks


def _event_hooks(modes, settings):
    # type: (List[str], Dict[str, Any]) -> List[str]
    """The same of calls, lines, the resident set, and what is read by time."""
    events = "call" in modes or "line" in modes
    trigger = settings["rss_trigger"] if events else 0
    at_events = settings["rss_us"] and (
        events or "object" in modes and settings["object_rss"])
    hooks = []
    if "call" in modes:
        hooks += ["call", "call:c"] if settings["c_calls"] else ["call"]
    if "line" in modes:
        hooks += ["line", "line:opcode"] if settings["opcodes"] else ["line"]
    if "rss" in modes or trigger or at_events:
        hooks.append("rss")
    if trigger:
        hooks.append("rss:trigger:%d" % trigger)
    if "heap" in modes:
        hooks.append("heap")
    if "heap" in modes or "gc" in modes:
        hooks.append("gc")
    if "snapshot" in modes:
        hooks.append("snapshot")
    if "sample" in modes:
        hooks.append("sample")
    return hooks


def _stack_hooks(modes, settings, possible):
    # type: (List[str], Dict[str, Any], bool) -> List[str]
    """How many sites a stack has at most, in any of the modes."""
    sites = [1 for mode in ("call", "line") if mode in modes]
    if possible and ("alloc" in modes or "snapshot" in modes):
        sites.append(settings["frames"])
    if possible and "object" in modes:
        sites.append(settings["object_frames"])
    if not sites and possible:
        return []
    return ["stack:%d" % max(sites) if sites and max(sites) else "stack:none"]


def run(recorder, modes, settings):
    # type: (Any, List[str], Dict[str, Any]) -> Tuple[List[str], Dict[str, str]]
    """The names of the hooks for the stream header, and what is to be noted
    in its settings. Tried once in a process. RuntimeError: what is asked for
    is not possible without stacks."""
    global _stacks, _destroys

    hooks = []
    notes = {}
    if not _stacks:
        _stacks = (stacks_problem(recorder),)
    if _stacks[0] is not None:
        notes["stacks"] = "off (self-test: %s)" % _stacks[0]
        if settings["files"]:
            raise RuntimeError("stacks can't be read in this interpreter "
                               "(%s), so there is no filter by file"
                               % _stacks[0])
    hooks += _alloc_hooks(modes, settings)
    if "object" in modes:
        if not _destroys:
            _destroys = (destroys_reported(recorder),)
        hooks.append("object")
        if not _destroys[0]:
            hooks.append("object:destroy-unreliable")
    hooks += _event_hooks(modes, settings)
    hooks += _stack_hooks(modes, settings, _stacks[0] is None)
    hooks.append("exit")
    return hooks, notes
