"""Mode alloc against tracemalloc in the same process: how many blocks of each
size each line of the programs has, at a mark after each program.

tracemalloc lies above the recorder. Its own blocks are seen by the recorder
only: raw, 24 bytes, one for each site. Where an object is made from a free
list no block is made, but tracemalloc says from then on that the block is of
the line that uses it: so sites may differ for blocks of one size as long as
their sum does not.

tracemalloc does not trace what it answers with, but for the list itself (56
bytes); and of the blocks of 16 bytes that the recorder needs to watch code
objects it sees only some. By so many blocks of these sizes it may have more.

From 3.15 on tracemalloc keeps a copy of the name of each file it has seen, in
a raw block as long as the name and its end: by so many we may have more.
"""
# MODE: alloc

import collections
import json
import os
import sys

from recorder_support import FOLDER, Trace, check, equal, finish
from oracle import support


def is_own(domain, size):
    """A block of tracemalloc: of a site, or of a block it traces."""
    return domain == "raw" and size in (16, 24)


def taking():
    """The line on which tracemalloc is asked, whose answer it does not trace."""
    with open(os.path.join(support.HERE, "record_tracemalloc.py")) as file:
        return 1 + [line.strip() for line in file].index("traces = take()")


def blocks_of_recorder(trace, blocks):
    own = {s for s, node in trace.stacks.items()
           if trace.codes[node["code"]]["file"] == "<pmtrace>"}
    return [r for r in blocks.values() if r["stack"] in own]


def sites(trace, blocks, since):
    """{(file, line, size): blocks}; none of tracemalloc's own."""
    answer = taking()
    counts = collections.Counter()
    for r in blocks.values():
        if r["time_ns"] > since and not is_own(r["domain"], r["size"]):
            node = trace.stacks.get(r["stack"])
            file = trace.codes[node["code"]]["file"] if node else "<unknown>"
            line = node["line"] if node else 0
            # tracemalloc does not see what the recorder takes in its hooks.
            if file != "<pmtrace>" and (
                    line != answer or
                    not file.endswith("/record_tracemalloc.py")):
                counts[file, line, r["size"]] += 1
    return counts


def compare(what, found, wanted):
    """Returns how many blocks are at the same site, and how many moved."""
    by_size = collections.Counter()
    moved = 0
    for key in set(found) | set(wanted):
        by_size[key[2]] += found[key] - wanted[key]
        moved += max(found[key] - wanted[key], 0)
    return {s: n for s, n in by_size.items() if n}, moved


def names_kept(trace, blocks, since):
    """{size: blocks} that can be tracemalloc's copies of names of files: one
    for each name."""
    if sys.version_info < (3, 15):
        return {}
    names = collections.Counter(
        len(os.fsencode(file)) + 1
        for file in {code["file"] for code in trace.codes.values()})
    raw = collections.Counter(r["size"] for r in blocks.values()
                              if r["domain"] == "raw" and r["time_ns"] > since)
    return {size: min(n, raw[size]) for size, n in names.items()}


def main():
    support.run_recorded("record_tracemalloc.py", FOLDER)
    trace = Trace(os.path.join(FOLDER, "trace.pmt"))
    check(trace.complete(), "the trace is not whole: " + trace.warnings)
    with open(os.path.join(FOLDER, "tracemalloc.json")) as file:
        moments = json.load(file)
    marks = trace.of("mark")
    equal([m["text"] for m in marks], ["start"] + [m[0] for m in moments], "marks")
    sets = support.recorded_sets(trace, marks)
    next(sets)  # at the start
    since = marks[0]["time_ns"]
    for number, ((name, rows), blocks) in enumerate(zip(moments, sets)):
        wanted = collections.Counter()
        for row in rows.splitlines():
            size, line, count, file = row.split(" ", 3)
            wanted[file, int(line), int(size)] += int(count)
        found = sites(trace, blocks, since)
        unequal, moved = compare(name, found, wanted)
        print(name, sum(wanted.values()), "blocks,", moved, "moved", unequal)
        more = {56: number, 16: len(blocks_of_recorder(trace, blocks))}
        less = names_kept(trace, blocks, since)
        unequal = {size: n for size, n in unequal.items()
                   if not -more.get(size, 0) <= n <= less.get(size, 0)}
        check(not unequal, "%s: blocks by size, ours less tracemalloc's: %s"
              % (name, unequal))
    finish()


main()
