"""`pmt top` is tracemalloc's Snapshot.statistics(): for 20 programs that both
watched (both.py), at three moments, by every key, cumulative and not, with
filters. The expected values are tracemalloc's own."""
# MODE: alloc
# RUN: few

import collections
import json
import tracemalloc

from both import EXCLUDE, MOMENTS, PROGRAMS, Run
from recorder_support import check, equal, finish, run

KEYS = (("filename", "file", False), ("filename", "file", True),
        ("lineno", "lineno", False), ("lineno", "lineno", True),
        ("traceback", "traceback", False))
# (inclusive, pattern, line, all frames); each tuple is a set of filters. NAME
# is the program's: where all frames are looked at it tells the program's
# blocks from the harness's, whose frames are below all of them.
FILTERS = (
    ((True, "*/programs/*", None, False),),
    ((False, "*/programs/*", None, False), (False, "<unknown>", None, False)),
    ((True, "*/programs/NAME.py", None, True),
     (False, "*json*", None, True)),
    ((True, "*.py", 9, False), (True, "*/programs/[a-m]*", 12, False)),
    ((True, "*/programs/NAME.py", None, True),
     (False, "*/[cdft]*.py", None, True)),
    ((True, "*/NAME.py", 20, True), (True, "*/NAME.py", 21, True),
     (True, "*/NAME.py", 22, True)),
)
compared = collections.Counter()


def rows_of(done, by):
    """[(size, count, ((file, line), ...))], the largest first."""
    check(done.status == 0 and not done.err, "%s %s" % (done.status, done.err))
    lines = [json.loads(line) for line in done.out.splitlines()]
    rows = []
    for row in lines[1:]:
        if by == "traceback":
            frames = [(f["file"], f["line"]) for f in row["stack"]]
        else:
            frames = [(row["file"], row.get("line", 0))]
        rows.append((row["bytes"], row["count"], tuple(
            (file or "<unknown>", line) for file, line in frames)))
    return rows


def statistics(snapshot, key, cumulative):
    """The same of tracemalloc, whose tracebacks begin with the outermost."""
    return [(each.size, each.count, tuple(
        (f.filename, 0 if key == "filename" else f.lineno)
        for f in reversed(list(each.traceback))))
        for each in snapshot.statistics(key, cumulative)]


def compare(recorded, moment, key, by, cumulative, filters):
    words = ["pmt", "top", "--json", "-n", "1000000", "--by", by,
             "--show", "live", "--kind", "alloc", "--from", "mark:start"]
    words += ["--cumulative", "--every-frame"] * cumulative
    snapshot = recorded.snapshots[moment]
    if not any(each[3] for each in filters):
        for pattern in EXCLUDE:
            words += ["--exclude", pattern]
    for inclusive, pattern, line, all_frames in filters:
        words += ["--include" if inclusive else "--exclude",
                  pattern if line is None else "%s:%d" % (pattern, line)]
        words += ["--all-frames"] * all_frames
    words += ["--to", "mark:" + moment]
    snapshot = snapshot.filter_traces([
        tracemalloc.Filter(*each) for each in filters])
    found = rows_of(run(words + [recorded.trace]), by)
    wanted = statistics(snapshot, key, cumulative)
    what = "%s@%s --by %s%s %s" % (recorded.name, moment, by,
                                   " --cumulative" * cumulative, filters)
    equal(sorted(found), sorted(wanted), what)
    # In tracemalloc's order; what is of one size and count is in any.
    equal([row[:2] for row in found], [row[:2] for row in wanted], what)
    compared["statistics"] += 1
    compared["rows"] += len(wanted)


def main():
    check(len(PROGRAMS) == 20, "%d programs" % len(PROGRAMS))
    for number, name in enumerate(PROGRAMS):
        recorded = Run(name)
        for key, by, cumulative in KEYS:
            for moment in MOMENTS:
                compare(recorded, moment, key, by, cumulative, ())
            filters = FILTERS[number % len(FILTERS)]
            compare(recorded, "two", key, by, cumulative, tuple(
                (each[0], each[1].replace("NAME", name)) + each[2:]
                for each in filters))
    print(dict(compared))
    finish()


main()
