"""`pmt top` of a whole recording: what is live is what was before the
interpreter began to end, as `pmt live` and FILE@exit have it, and what the
program knows to have kept; FILE@end is the very end. Of samples the estimates
and limits are those of `pmt live`. Of objects the counts are the program's. Of
a snapshot it is tracemalloc's statistics()."""
# MODE: alloc
# MODE: object
# MODE: snapshot
# RUN: few

import json
import sys
import tracemalloc

import pmtrace
from recorder_support import check, equal, finish, path, record, run, write

KEPT = 400
PROGRAM = """
class Kept(object):
    pass

kept = {}

def hoard(n):
    kept[n] = bytearray(10000 + n), Kept()

for i in range(%d):
    hoard(i)
kept["all"] = sum(len(each[0]) for each in kept.values())
""" % KEPT
LIMITS = ("name", "count", "bytes", "count_low", "count_high", "bytes_low",
          "bytes_high", "samples")


def lines(*words):
    done = run(["pmt"] + list(words))
    equal((done.status, done.err), (0, ""), words)
    found = [json.loads(line) for line in done.out.splitlines()]
    return found[0], found[1:]


def ask(command, name, *words):
    return lines(command, "--json", "-n", "100000", name, *words)


def limits(rows):
    return sorted(tuple(row.get(key) for key in LIMITS) for row in rows)


def same(name, at_top, at_live, by):
    """top and live agree on a trace, row by row."""
    head, rows = ask("top", name + at_top, "--by", by)
    other, wanted = ask("live", name + at_live, "--by", by)
    what = "%s: top%s, live%s" % (name, at_top, at_live)
    for key in ("count", "bytes", "time_ns", "count_low", "bytes_high"):
        equal(head.get(key), other.get(key), what + ": " + key)
    equal(limits([row for row in rows if row["count"]]), limits(wanted), what)
    return head, rows


def whole(mode, by, *options):
    name = path("%s%d.pmt" % (mode, len(options)))
    done = record(name, write("app.py", PROGRAM),
                  options=["--mode", mode] + list(options))
    equal((done.status, done.err), (0, ""), "the program")
    first = same(name, "", "", by)
    equal(first[0]["moment"], "exit", "the moment")
    for at_top, at_live in (("@exit", ""), ("", "@exit"), ("@end", "@end"),
                            ("@peak", "@peak")):
        head, _ = same(name, at_top, at_live, by)
        equal(head["moment"], at_top[1:] or "exit", "the moment")
    end = same(name, "@end", "@end", by)[0]
    check(end["count"] < first[0]["count"] / 4, str((end, first[0])))
    text = run(["pmt", "top", name]).out
    check("where the interpreter began to end" in text, text[:300])
    rows = ask("top", name, "--by", by)[1]
    equal([row["bytes"] for row in rows],
          sorted([row["bytes"] for row in rows], reverse=True), "the order")
    done = run(["pmt", "diff", "--json", name + "@end", name + "@exit"])
    equal((done.status, done.err), (0, ""), "diff to the exit")
    return first


def blocks():
    _, rows = whole("alloc", "function")
    row = [row for row in rows if row["function"] == "hoard"][0]
    least = sum(10001 + n for n in range(KEPT))
    # Each is in a bytearray, a tuple and an object more, of some 100 bytes.
    check(KEPT <= row["count"] <= 6 * KEPT and
          least <= row["bytes"] <= least + 400 * KEPT, str((row, least)))


def sampled():
    head, rows = whole("alloc", "site", "--sample-bytes=65536")
    check(head["estimated"] and len(rows) > 0, str(head))
    made = [(row["allocations_low"], row["allocations"],
             row["allocations_high"]) for row in rows + [head]]
    check(all(low <= count <= high for low, count, high in made),
          str(made))


def objects():
    _, rows = whole("object", "type")
    equal([row["count"] for row in rows if row["name"].endswith("Kept")],
          [KEPT], "objects of the program's type")


def snapshot():
    tracemalloc.start(20)
    kept = [bytearray(1000 + n) for n in range(300)]
    taken = tracemalloc.take_snapshot()
    tracemalloc.stop()
    name = path("snapshot.pmt")
    pmtrace.from_tracemalloc(name, taken)
    for key, by in (("lineno", "lineno"), ("filename", "file"),
                    ("traceback", "traceback")):
        wanted = sorted(
            (each.size, each.count, [
                (f.filename, 0 if key == "filename" else f.lineno)
                for f in reversed(list(each.traceback))])
            for each in taken.statistics(key))
        found = sorted(
            (row["bytes"], row["count"], [
                (f["file"] or "<unknown>", f.get("line", 0))
                for f in (row["stack"] if by == "traceback" else [row])])
            for row in ask("top", name, "--by", by)[1])
        equal(found, wanted, "a snapshot by " + key)
    check(len(kept) == 300 and len(found) > 0, str(len(found)))


blocks()
sampled()
snapshot()
if sys.version_info >= (3, 13):
    objects()
finish()
