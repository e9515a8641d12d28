"""Mode object on CPython 3.13.0 to 3.13.2, which does not report every
destruction (gh-130382): the trace says so, no object that is alive is taken
as destroyed, and `pmt live` says how much is inferred.

Prints the figures that docs/cpython-3.13.0.md has.
"""
# MODE: object

import collections
import json
import os
import sys

from recorder_support import FOLDER, Trace, check, equal, finish, skip
from oracle import support

# Types of which the collector knows each object all its life.
ALWAYS = ("list", "set", "function", "generator", "method", "cell", "Node",
          "Slotted", "Broken", "Counted", "CountedSlots", "coroutine",
          "type")


def plain(name):
    return name.split(".")[-1]


def rows(text):
    return [(int(line.split(" ", 1)[0]), plain(line.split(" ", 1)[1]))
            for line in text.splitlines()]


def main():
    if not (3, 13) <= sys.version_info < (3, 13, 3):
        skip("only CPython 3.13.0 to 3.13.2 lose destructions")
    support.run_recorded("record_object.py", FOLDER)
    name = os.path.join(FOLDER, "object.pmt")
    trace = Trace(name)
    check(trace.complete(), "the trace is not whole: " + trace.warnings)
    check("object:destroy-unreliable" in trace.stream()["hooks"],
          "hooks: %s" % trace.stream()["hooks"])
    with open(os.path.join(FOLDER, "object.json")) as file:
        moment = json.load(file)[-1]
    mark = trace.of("mark")[-1]
    equal(mark["text"], moment["mark"], "last mark")

    naive = collections.Counter()   # created less destroyed
    inferred = {}                   # a new object ends the one before it
    seen = collections.Counter()
    for r in trace.of("object"):
        if r["time_ns"] > mark["time_ns"]:
            break
        kind = plain(trace.type_name(r["type"]))
        seen[r["op"]] += 1
        if r["op"] == "create":
            naive[kind] += 1
            inferred[r["address"]] = kind
        elif inferred.pop(r["address"], None) is not None:
            naive[kind] -= 1
    alive = rows(moment["tracked"])
    wrong = [(hex(a), t, inferred.get(hex(a))) for a, t in
             alive + rows(moment["values"]) if inferred.get(hex(a)) != t]
    check(len(wrong) <= 3, "alive, but not live in the trace: %s" % wrong[:5])

    head, table = support.live(name, "mark:dropped", "--by", "type",
                               "--kind", "object")
    equal((head["count"], head["destroy_unreliable"], head["lost"]),
          (len(inferred), True, 0), "pmt live")
    check(head["inferred"] > 1000, "inferred: %d" % head["inferred"])
    told = collections.Counter()
    for row in table:
        told[plain(row["name"])] += row["count"]
    wanted = collections.Counter(inferred.values())
    differences = {t: (told[t], wanted[t]) for t in set(told) | set(wanted)
                   if told[t] != wanted[t]}
    check(not differences, "pmt live by type: %s" % differences)

    true = collections.Counter(t for _, t in alive)
    print("CPython %s: %d created, %d destructions reported, %d inferred"
          % (sys.version.split()[0], seen["create"], seen["destroy"],
             head["inferred"]))
    print("%-14s %8s %10s %10s" % ("type", "alive", "inferring", "without"))
    total = [0, 0, 0]
    for kind in ALWAYS:
        figures = true[kind], told[kind], naive[kind]
        print("%-14s %8d %10d %10d" % ((kind,) + figures))
        total = [t + f for t, f in zip(total, figures)]
        check(told[kind] >= true[kind] - 1, kind + ": too few")
        check(told[kind] <= naive[kind], kind + ": more than without")
    print("%-14s %8d %10d %10d" % (("all of these",) + tuple(total)))
    print("objects of any type: %d inferring, %d without"
          % (len(inferred), sum(naive.values())))
    check(total[1] - total[0] < (total[2] - total[0]) / 2,
          "inference removes less than half of what is not there")
    finish()


main()
