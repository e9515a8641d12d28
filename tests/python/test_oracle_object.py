"""Mode object against the garbage collector and the programs' own counts, at
a mark after each program and after half of what they kept was dropped:

- every object that the collector knows of is in the live set with its type,
  by address, and the other way about for every live object of a type that the
  collector always knows (it has been told to forget what was there before);
- classes that count themselves with __del__ have as many in `pmt live`;
- values the collector does not know (float, int) that are kept are live, by
  address, and once dropped are not.

No difference is allowed but that of the few objects made between gc.freeze()
and the start of the recording, and the list in which the collector answers.
"""
# MODE: object

import collections
import json
import os
import sys

from recorder_support import FOLDER, Trace, check, equal, finish, skip
from oracle import support

# The collector knows each of these from its creation to its end.
ALWAYS = ("list", "set", "function", "generator", "method", "cell", "module",
          "weakref.WeakValueDictionary", "weakref.WeakKeyDictionary",
          "programs.Node", "programs.Broken", "__main__.Counted",
          "__main__.CountedSlots", "coroutine", "async_generator",
          "_csv.reader", "type")
FEW = 3


def rows(text):
    """[(address, type)] of a look."""
    return [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1])
            for line in text.splitlines()]


class Objects:
    """What is live by the records: {address: type name}."""

    def __init__(self, trace):
        self.trace = trace
        self.records = trace.of("object")
        self.at = 0
        self.live = {}

    def go_to(self, mark):
        while self.at < len(self.records) and \
                self.records[self.at]["time_ns"] <= mark["time_ns"]:
            r = self.records[self.at]
            self.at += 1
            address = int(r["address"], 16)
            if r["op"] == "create":
                self.live[address] = self.trace.type_name(r["type"])
            else:
                self.live.pop(address, None)


def plain(name):
    """Without the module, which a type's name in a trace has or not."""
    return name.split(".")[-1]


def compare_tracked(state, moment):
    """By address, both ways."""
    what = "mark " + moment["mark"]
    tracked = dict(rows(moment["tracked"]))
    wrong = []
    for address, kind in tracked.items():
        found = state.live.get(address)
        if found is None or plain(found) != plain(kind):
            wrong.append((hex(address), kind, found))
    state.unexplained = wrong if state.unexplained is None else \
        state.unexplained
    early = {row[0] for row in state.unexplained}
    wrong = [row for row in wrong if row[0] not in early]
    check(not wrong, "%s: not live in the trace: %s" % (what, wrong[:5]))
    extra = [(hex(a), t) for a, t in state.live.items()
             if t in ALWAYS and a not in tracked]
    check(len(extra) <= FEW, "%s: live in the trace only: %s"
          % (what, collections.Counter(t for _, t in extra)))
    return len(tracked), len(extra)


def compare_counts(name, moment):
    head, table = support.live(name, "mark:" + moment["mark"], "--by", "type",
                              "--kind", "object")
    found = {plain(r["name"]): r["count"] for r in table
             if plain(r["name"]) in ("Counted", "CountedSlots")}
    equal({k: v for k, v in found.items() if v},
          {k: v for k, v in moment["counts"].items() if v},
          "mark %s: counts by __del__" % moment["mark"])
    equal((head["lost"], head["inferred"], head["unknown_after_loss"],
           head["approximate"]), (0, 0, 0, False),
          "mark " + moment["mark"])
    return {plain(r["name"]): r["count"] for r in table}


def compare_values(state, moment):
    wrong = [(hex(a), t, state.live.get(a)) for a, t in rows(moment["values"])
             if state.live.get(a) != t]
    check(not wrong, "mark %s: values that are kept: %s"
          % (moment["mark"], wrong[:5]))
    dropped = rows(moment.get("dropped", ""))
    still = [hex(a) for a, t in dropped if state.live.get(a) == t]
    # An address may have been handed out again since.
    check(len(still) <= len(dropped) // 20,
          "mark %s: %d values that were dropped are live"
          % (moment["mark"], len(still)))


def compare_live(state, table, what):
    """pmt live against the records, by type."""
    wanted = collections.Counter(map(plain, state.live.values()))
    differences = {t: (table.get(t, 0), wanted[t])
                   for t in set(table) | set(wanted)
                   if table.get(t, 0) != wanted[t]}
    check(not differences, "%s: pmt live by type: %s" % (what, differences))


def main():
    if sys.version_info < (3, 13):
        skip("mode object needs CPython 3.13 or later")
    if sys.version_info < (3, 13, 3):
        skip("CPython %s does not report every destruction; see "
             "test_oracle_inferred.py" % sys.version.split()[0])
    support.run_recorded("record_object.py", FOLDER)
    name = os.path.join(FOLDER, "object.pmt")
    trace = Trace(name)
    check(trace.complete(), "the trace is not whole: " + trace.warnings)
    with open(os.path.join(FOLDER, "object.json")) as file:
        moments = json.load(file)
    state = Objects(trace)
    state.unexplained = None
    marks = trace.of("mark")
    equal([m["text"] for m in marks], [m["mark"] for m in moments],
          "marks")
    for mark, moment in zip(marks, moments):
        state.go_to(mark)
        sizes = compare_tracked(state, moment)
        compare_values(state, moment)
        compare_live(state, compare_counts(name, moment),
                     "mark " + mark["text"])
        print(mark["text"], sizes, len(state.live))
    print("made after gc.freeze(), before the recording: %s"
          % state.unexplained)
    check(len(state.unexplained) <= FEW, "more than explained")
    finish()


main()
