"""Comparing the events of a trace with those that a Python function was told
(record_events.py)."""

import collections
import json
import os
import sys

from recorder_support import FOLDER, Trace, check, equal
from oracle import support

HARNESS = "record_events.py"
PROGRAMS = "event_programs.py"
OLD = sys.version_info < (3, 12)

Event = collections.namedtuple(
    "Event", "event file first name line function opcode")


def plain(name):
    """co_name, which a qualified name ends with."""
    return name.split(".")[-1]


def recorded(trace, kind, names):
    """{thread id: [Event]} of a trace. `names` are those of the events, by
    number."""
    classes = {line["id"]: line for line in trace.of("class")}
    functions = {line["id"]: [line["name"], line["module"]]
                 for line in trace.of("cfunction")}
    events = {}
    for record in trace.of(kind):
        what = classes[record["class"]]
        assert what["of"] == {"call": 10, "line": 11}[kind], what
        node = trace.stacks[what["stack"]]
        assert node["parent"] == 0, node
        code = trace.codes[node["code"]]
        event = names[what["what"]]
        events.setdefault(record["thread"], []).append(Event(
            event, code["file"], code["first_line"],
            plain(code["function"]), node["line"],
            functions.get(what["cfunction"]),
            record["offset"] if event == "opcode" else None))
    return events


def logged(name):
    """[[Event]] of the threads that the function was called in."""
    with open(name + ".json") as file:
        return [[Event(*row) for row in log] for log in json.load(file)]


def window(events):
    """What lies between the two calls of the harness, or None."""
    first = [i for i, e in enumerate(events)
             if e.name == "window_opens" and "return" in e.event]
    last = [i for i, e in enumerate(events)
            if e.name == "window_closes" and "call" in e.event]
    if not first or not last:
        return None
    return events[first[-1]:last[-1]]


def wanted(events, only_programs):
    """Without the harness and the recorder, which only one of both sees. And
    without the death of weakly referenced objects: up to 3.11 a Python
    function that is told of events makes objects live longer."""
    return [e for e in events
            if not e.file.endswith(HARNESS) and
            not e.file.startswith(os.environ["PMT_BUILD"]) and
            not e.name.startswith("begin_") and
            not (OLD and e.file.endswith("_weakrefset.py")) and
            (not only_programs or e.file.endswith(PROGRAMS))]


def split(threads, only_programs):
    """(events of the main thread, [those of each other thread])."""
    main, others = [], []
    for events in threads:
        inside = window(events)
        if inside is not None:
            main = wanted(inside, only_programs)
        else:
            # A thread's first calls are made before it can be logged.
            rest = wanted(events, True)
            if rest:
                others.append(rest)
    return main, sorted(others, key=repr)


def shown(events):
    return ["%s %s:%d %s +%s %s %s" % (e.event, os.path.basename(e.file),
                                       e.line, e.name, e.first,
                                       e.function and ".".join(
                                           map(str, e.function)), e.opcode)
            for e in events]


def record(kind, program):
    name = os.path.join(FOLDER, "%s-%s" % (kind, program))
    support.run_recorded("record_events.py", name, kind, program,
                         env={"PYTHONHASHSEED": "0"})
    trace = Trace(name + ".pmt")
    check(trace.complete(), program + ": the trace is not whole: " +
          trace.warnings)
    equal(trace.lost(), 0, program + ": events lost")
    return trace, logged(name)


def compare(kind, program, names):
    """The events of a program, of both sides, as they are. Returns how
    many."""
    trace, log = record(kind, program)
    found = split(recorded(trace, "call" if kind == "call" else "line",
                           names).values(), program == "threads")
    told = split(log, program == "threads")
    equal(shown(found[0]), shown(told[0]), program + ": main thread")
    equal(len(found[1]), len(told[1]), program + ": threads")
    for one, other in zip(found[1], told[1]):
        equal(shown(one), shown(other), program + ": a thread")
    return len(found[0]), [len(one) for one in found[1]]
