"""Mode alloc against an account kept independently: every call, in order, and
the live set at each mark, by address, size, domain and thread.

No difference is allowed but: the account begins a few calls before the
recording; the recorder looks now and then, by a block of one byte, whether
its hooks are still called; and what CPython allocates for the recorder inside
a call (3.8 to 3.11, to watch a code object) has the site <pmtrace>, while the
account counts no call inside another.
"""
# MODE: alloc

import collections
import os
import sys

from recorder_support import FOLDER, Trace, check, equal, finish
from oracle import support

START = 4000  # calls within which the recording must have begun


def begin(log, records):
    """How many entries of the main thread the recording did not see."""
    wanted = [record_key(r) for r in records[:40]]
    found = [e.key() for e in log[:START + 40]]
    for k in range(START):
        if found[k:k + 40] == wanted:
            return k
    return None


def record_key(r):
    return r["op"], r["domain"], r["address"], r["size"]


def is_own(trace, r):
    """True for what was allocated for the recorder itself."""
    node = trace.stacks.get(r["stack"])
    return node is not None and \
        trace.codes[node["code"]]["file"] == "<pmtrace>"


def own_entry(trace, r):
    """Such a block as the account would have it."""
    entry = support.Entry()
    entry.op, entry.domain, entry.size = "malloc", r["domain"], r["size"]
    entry.address = int(r["address"], 16)
    entry.thread = trace.threads[r["thread"]]["native_id"]
    return entry


def split(rows, key):
    by_thread = collections.defaultdict(list)
    for row in rows:
        by_thread[key(row)].append(row)
    return by_thread


def only_looks(entries):
    """True when these are pairs of malloc(1) and free in the raw domain."""
    ops = [e.op for e in entries]
    return (ops == ["malloc", "free"] * (len(ops) // 2) and
            all(e.domain == "raw" and e.size == 1 or e.op == "free"
                for e in entries))


def compare_calls(log, trace):
    """Every call of every thread. Returns the log without the calls that the
    recording did not see."""
    native = {t["id"]: t["native_id"] for t in trace.threads.values()}
    logged = split((e for e in log if e.op != "mark"), lambda e: e.thread)
    recorded = split((r for r in trace.of("alloc") if not is_own(trace, r)),
                     lambda r: native[r["thread"]])
    main = log[0].thread
    missed = begin(logged[main], recorded[main])
    if missed is None:
        check(False, "the first records are not in the log")
        finish()
    unseen = set(map(id, logged[main][:missed]))
    calls = 0
    for thread, entries in sorted(logged.items()):
        entries = entries[missed:] if thread == main else entries
        if thread not in recorded and only_looks(entries):
            unseen |= set(map(id, entries))
            continue
        found = [record_key(r) for r in recorded[thread]]
        wanted = [e.key() for e in entries]
        calls += len(wanted)
        # The recording goes on a little longer than the log.
        if found[:len(wanted)] != wanted:
            check(False, "thread %d (main %d): %s" % (
                thread, main, first_difference(found, wanted)))
    check(len(set(recorded) - set(logged)) == 0,
          "threads that the log has not: %s" % (set(recorded) - set(logged)))
    print("%d calls of %d threads equal" % (calls, len(logged)))
    return [e for e in log if id(e) not in unseen]


def first_difference(found, wanted):
    for i, pair in enumerate(zip(found + [None] * len(wanted), wanted)):
        if pair[0] != pair[1]:
            return "call %d of %d: found %s, wanted %s" % (
                i, len(wanted), pair[0], pair[1])
    return "none"


def live_sets(log):
    """For each mark the blocks that are live, by the log alone."""
    blocks = {}
    undone = {}
    result = []
    for e in log:
        if e.op in ("malloc", "calloc", "realloc"):
            blocks[e.address] = e
        elif e.op == "realloc_free":
            undone[e.thread] = blocks.pop(e.address, None)
        elif e.op == "realloc_undo":
            if undone.get(e.thread) is not None:
                blocks[e.address] = undone[e.thread]
        elif e.op == "free":
            blocks.pop(e.address, None)
        elif e.op == "mark":
            result.append(dict(blocks))
    return result


def figures(entries, key):
    """{group: [count, bytes]}"""
    result = {}
    for e in entries:
        row = result.setdefault(key(e), [0, 0])
        row[0] += 1
        row[1] += e.size
    return result


def compare_live(name, mark, wanted):
    """What pmt live says at a mark."""
    moment = "mark:" + mark["text"]
    for by, key in (("domain", lambda e: e.domain),
                    ("thread", lambda e: e.thread)):
        head, rows = support.live(name, moment, "--by", by)
        # A thread's row is called "NAME (NATIVE ID)".
        equal({r["name"].split("(")[-1].rstrip(")"): [r["count"], r["bytes"]]
               for r in rows},
              {str(group): row for group, row in
               figures(wanted.values(), key).items()},
              "%s by %s" % (moment, by))
        equal((head["count"], head["bytes"], head["lost"],
               head["unknown_after_loss"], head["unseen"],
               head["approximate"]),
              (len(wanted), sum(e.size for e in wanted.values()), 0, 0, 0,
               False), moment)


def main():
    support.build_counter(FOLDER)
    support.run_recorded("record_alloc.py", FOLDER)
    name = os.path.join(FOLDER, "alloc.pmt")
    trace = Trace(name)
    check(trace.complete(), "the trace is not whole: " + trace.warnings)
    equal(trace.lost(), 0, "events lost")
    log = compare_calls(support.read_log(os.path.join(FOLDER, "alloc.log")),
                        trace)
    check(any(e.op == "realloc_undo" for e in log), "no realloc has failed")
    marks = trace.of("mark")
    sets = live_sets(log)
    equal(len(marks), len(sets), "marks")
    for mark, wanted, found in zip(
            marks, sets, support.recorded_sets(trace, marks)):
        own = {a: r for a, r in found.items() if is_own(trace, r)}
        equal(sorted((a, r["size"], r["domain"])
                     for a, r in found.items() if a not in own),
              sorted(("0x%x" % a, e.size, e.domain)
                     for a, e in wanted.items()),
              "live at mark " + mark["text"])
        wanted = dict(wanted)
        wanted.update((int(a, 16), own_entry(trace, r))
                      for a, r in own.items())
        compare_live(name, mark, wanted)
    print("%s: %d live sets equal, the last of %d blocks"
          % (sys.version.split()[0], len(sets), len(sets[-1])))
    finish()


main()
