"""What recorder.py measures: recordings, hooks that do nothing, and peers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

# Bits of recorder/modes.h.
ALLOC, OBJECT, CALL, LINE = 1, 2, 4, 8

# A type that the program makes; the dicts of the others are many.
ONE_TYPE = {"w1_calls": "Tree", "w2_churn": "Point", "w5_graph": "Node",
            "r2_unittest": "Name"}


class Variant:
    """A way to run a program.

    name     what the tables call it
    what     what child.py does
    needs    the mode that this CPython must have, or None
    given    settings
    events   whose count of events stands for this one's: its own where None
    floor    the variant with the same hooks that do nothing
    core     held on one processor
    part     of the scale: a tenth for what is slow
    """

    def __init__(self, name, what, needs=None, given=None, events=None,
                 floor=None, core=False, part=1.0):
        # type: (str, str, Optional[str], Optional[Dict[str, Any]], Optional[str], Optional[str], bool, float) -> None  # noqa: E501
        self.name = name
        self.what = what
        self.needs = needs
        self.given = given or {}
        self.events = events or name
        self.floor = floor
        self.core = core
        self.part = part

    def base(self):
        # type: () -> str
        """The variant without a recorder that this one is held against."""
        if self.core:
            return "untraced, one core"
        return "untraced" if self.part == 1.0 else "untraced, short"

    def settings(self, workload):
        # type: (str) -> Dict[str, Any]
        given = dict(self.given)
        for name in ("types", "include_tp_names"):
            if given.get(name) == "ONE":
                one = ONE_TYPE.get(workload, "dict")
                given[name] = one if name == "types" else [one]
        return given


def _ours(name, mode, events=None, floor=None, core=False, **given):
    # type: (str, str, Optional[str], Optional[str], bool, Any) -> Variant
    return Variant(name, "record", mode, dict(given, mode=mode), events,
                   floor, core)


def _floor(name, mode, bit, events):
    # type: (str, str, int, str) -> Variant
    return Variant(name, "floor", mode, {"modes": bit}, events)


def _slow(name, what, given, events=None):
    # type: (str, str, Dict[str, Any], Optional[str]) -> Variant
    return Variant(name, what, None, given, events, part=0.1)


_CALL, _LINE = "call, all events", "line, all events"
_OBJECT, _ALLOC = "object, everything", "alloc, full stacks"
_CALL0, _LINE0 = "call hooks, no-op", "line hooks, no-op"
_OBJECT0, _ALLOC0 = "object hook, no-op", "alloc hooks, no-op"

OURS = [
    Variant("untraced", "plain"),
    Variant("untraced, one core", "plain", core=True),
    Variant("untraced, short", "plain", part=0.1),
    Variant("imported, nothing on", "import"),
    _floor(_CALL0, "call", CALL, _CALL),
    _ours(_CALL, "call", floor=_CALL0),
    _ours("call, no C functions", "call", floor=_CALL0, c_calls=0),
    _ours("call, RSS trigger", "call", _CALL, _CALL0, rss_trigger=4096),
    _ours("call, one core", "call", core=True),
    _floor(_LINE0, "line", LINE, _LINE),
    _ours(_LINE, "line", floor=_LINE0),
    _ours("line, RSS trigger", "line", _LINE, _LINE0, rss_trigger=4096),
    _ours("line, one core", "line", core=True),
    _floor(_OBJECT0, "object", OBJECT, _OBJECT),
    _ours(_OBJECT, "object", floor=_OBJECT0),
    _ours("object, one type", "object", _OBJECT, _OBJECT0, types="ONE"),
    _ours("object, one core", "object", core=True),
    _floor(_ALLOC0, "alloc", ALLOC, _ALLOC),
    _ours("alloc, top frame", "alloc", floor=_ALLOC0, frames=1),
    _ours(_ALLOC, "alloc", floor=_ALLOC0),
    _ours("alloc, sampled 512 KiB", "alloc", _ALLOC, _ALLOC0,
          sample_bytes=524288),
    _ours("always: sampled, rss, heap", "alloc,rss,heap", _ALLOC, _ALLOC0,
          sample_bytes=524288, rss_ms=1000, heap_ms=60000, max_size=256 << 20),
    _ours("alloc, one core", "alloc", core=True),
    _ours("snapshot", "snapshot", _ALLOC),
    _ours("heap", "heap"),
    _ours("rss", "rss"),
    _ours("alloc and call", "alloc,call"),
]

PEERS = [
    Variant("tracemalloc, 1 frame", "tracemalloc", None, {"frames": 1},
            _ALLOC),
    _slow("tracemalloc, 25 frames", "tracemalloc", {"frames": 25}, ""),
    Variant("memray, python allocators", "memray"),
    _slow("pymemtrace Profile 0", "pymemtrace",
          {"kind": "Profile", "d_rss_trigger": 0}),
    _slow("pymemtrace Profile -1", "pymemtrace",
          {"kind": "Profile", "d_rss_trigger": -1}, "pymemtrace Profile 0"),
    _slow("pymemtrace Trace 0", "pymemtrace",
          {"kind": "Trace", "d_rss_trigger": 0}),
    _slow("pymemtrace Trace -1", "pymemtrace",
          {"kind": "Trace", "d_rss_trigger": -1}, "pymemtrace Trace 0"),
    _slow("pymemtrace References", "pymemtrace",
          {"kind": "ReferenceTracing", "include_builtins": True}),
    _slow("pymemtrace References, one type", "pymemtrace",
          {"kind": "ReferenceTracing", "include_tp_names": "ONE"},
          "pymemtrace References"),
    _slow("alloc, full stacks, short", "record", {"mode": "alloc"}),
]
# tracemalloc counts no events: ours of a run of the same length.
PEERS[1].events = "alloc, full stacks, short"


def chosen(impossible, peers, only):
    # type: (List[str], bool, str) -> List[Variant]
    """Those that this CPython can do, whose names have one of the words in
    `only` (by commas), and what they are held against."""
    found = [v for v in OURS + (PEERS if peers else [])
             if not v.needs or not set(v.needs.split(",")) & set(impossible)]
    if not only:
        return found
    words = only.split(",")
    wanted = [v for v in found if any(word in v.name for word in words)]
    names = {name for v in wanted
             for name in (v.name, v.base(), v.events, v.floor)}
    return [v for v in found if v.name in names]
