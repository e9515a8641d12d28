"""`pmt diff` is tracemalloc's Snapshot.compare_to(): for 20 programs that both
watched (both.py), between the three moments, forwards and backwards, by every
key, cumulative and not, with filters. The expected values are tracemalloc's
own."""
# MODE: alloc

import collections
import json
import tracemalloc

from both import EXCLUDE, PROGRAMS, Run
from recorder_support import check, equal, finish, run

KEYS = (("filename", "file", False), ("filename", "file", True),
        ("lineno", "lineno", False), ("lineno", "lineno", True),
        ("traceback", "traceback", False))
PAIRS = (("one", "two"), ("two", "three"), ("three", "one"))
# (inclusive, pattern, line, all frames), a set of filters in each; NAME is the
# program's.
FILTERS = (
    ((True, "*/programs/*", None, False),),
    ((False, "*/programs/*", None, False), (False, "<unknown>", None, False)),
    ((True, "*/programs/NAME.py", None, True), (False, "*json*", None, True)),
    ((True, "*.py", 9, False), (True, "*/programs/[a-m]*", 12, False)),
)
compared = collections.Counter()


def rows_of(done, by):
    """[(size_diff, size, count_diff, count, ((file, line), ...))]; the frames
    with the outermost first, as tracemalloc has them."""
    check(done.status == 0 and not done.err, "%s %s" % (done.status, done.err))
    rows = []
    for row in [json.loads(line) for line in done.out.splitlines()][1:]:
        frames = row["stack"] if by == "traceback" else [row]
        rows.append((row["bytes_diff"], row["bytes"], row["count_diff"],
                     row["count"], tuple(
                         (f["file"] or "<unknown>", f.get("line", 0))
                         for f in reversed(frames)) or (("<unknown>", 0),)))
    return rows


def compare_to(new, old, key, cumulative):
    return [(each.size_diff, each.size, each.count_diff, each.count, tuple(
        (f.filename, 0 if key == "filename" else f.lineno)
        for f in each.traceback))
        for each in new.compare_to(old, key, cumulative)]


def compare(recorded, pair, key, by, cumulative, filters):
    words = ["pmt", "diff", "--json", "-n", "1000000", "--all", "--by", by,
             "--kind", "alloc", "--from", "mark:start"]
    words += ["--cumulative", "--every-frame"] * cumulative
    if not any(each[3] for each in filters):
        for pattern in EXCLUDE:
            words += ["--exclude", pattern]
    for inclusive, pattern, line, all_frames in filters:
        words += ["--include" if inclusive else "--exclude",
                  pattern if line is None else "%s:%d" % (pattern, line)]
        words += ["--all-frames"] * all_frames
    words += ["%s@mark:%s" % (recorded.trace, moment) for moment in pair]
    old, new = (recorded.snapshots[moment].filter_traces(
        [tracemalloc.Filter(*each) for each in filters]) for moment in pair)
    found = rows_of(run(words), by)
    wanted = compare_to(new, old, key, cumulative)
    # In the same order, ties too.
    equal(found, wanted, "%s %s --by %s%s %s" % (
        recorded.name, pair, by, " --cumulative" * cumulative, filters))
    compared["comparisons"] += 1
    compared["rows"] += len(wanted)
    compared["changed"] += sum(row[0] != 0 or row[2] != 0 for row in wanted)


def main():
    check(len(PROGRAMS) == 20, "%d programs" % len(PROGRAMS))
    for number, name in enumerate(PROGRAMS):
        recorded = Run(name, frames=40)     # deeper than any of them
        for key, by, cumulative in KEYS:
            for pair in PAIRS:
                compare(recorded, pair, key, by, cumulative, ())
            filters = FILTERS[number % len(FILTERS)]
            compare(recorded, PAIRS[number % 3], key, by, cumulative, tuple(
                (each[0], each[1].replace("NAME", name)) + each[2:]
                for each in filters))
    check(compared["changed"] > 200, "few rows changed")
    print(dict(compared))
    finish()


main()
