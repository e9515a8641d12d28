#!/usr/bin/env python3
"""A stream in parts, each in a file of its own, through every command.

The newest part is x.pmt, the others are x.pmt.NNNNNN (5.3). All that a command
says of x.pmt must be what it says of `cat`; and what is live must be what it is
in the trace with nothing let go.
"""

import os
import shutil
import sys

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()
m = kit.generator()
from generator import valid_parts  # noqa: E402

DECODE = kit.common.load("decode")
LAST = 5


def part_files(seed=1, end=True):
    """The bytes of parts 0 to LAST, and the lines of each."""
    s, live, found = None, valid_parts.Live(), []
    for part in range(LAST + 1):
        trace = m.Trace()
        if s is None:
            s = m.Stream(trace, seed, tick_ns=100)
        s.trace = trace
        valid_parts.part_of_all(s, live, part, 1000 * part)
        if part == LAST and end:
            s.end(t=1000 * part + 999)
        trace.index()
        found.append((bytes(trace.data), trace.lines[1:]))
    return found


def name_of(part, newest=LAST, path="x.pmt"):
    return path if part == newest else "%s.%06d" % (path, part)


def put(parts, first, last=LAST, folder="at", path="x.pmt"):
    """Files of parts `first` to `last`, in a new folder; all as one."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for part in range(first, last + 1):
        kit.write(os.path.join(folder, name_of(part, last, path)),
                  parts[part][0])
    return b"".join(data for data, _ in parts[first:last + 1])


def check_readers(parts):
    for first in range(LAST + 1):
        data = put(parts, first)
        for command in (("info", "--json"), ("info", "--all", "--json"),
                        ("check", "--json"), ("live", "--json"),
                        ("live", "--json", "--by", "site")):
            done = kit.run(*command, "at/x.pmt")
            kit.write("cat.pmt", data)
            want = kit.run(*command, "cat.pmt")
            checks.equal((done.status, done.text().replace("at/x.pmt", "F")),
                         (want.status, want.text().replace("cat.pmt", "F")),
                         "%s from part %d" % (" ".join(command), first))
        lines = [line for _, some in parts[first:] for line in some]
        done = kit.run("dump", "--json", "at/x.pmt")
        checks.equal(done.json()[1:], lines, "dump from part %d" % first)
        _, decoded, _ = kit.common.decode(DECODE, data, "cat")
        checks.equal(done.out, decoded, "decode.py from part %d" % first)
        check = kit.run("check", "at/x.pmt")
        checks.true(check.status == 0 and len(check.lines()) == 1, check)


def live(path, *options):
    """What is live by site, for both kinds, without what is of the past."""
    done = kit.run("live", "--json", "--by", "site", *options, path)
    return [{k: v for k, v in line.items()
             if k in ("row", "kind", "count", "bytes", "file", "line",
                      "function", "approximate")}
            for line in done.json()]


def check_live(parts):
    """At every record of each part: as in the trace of all parts."""
    kit.write("all.pmt", b"".join(data for data, _ in parts))
    for first in (1, 3, LAST):
        put(parts, first)
        times = sorted({line["time_ns"] for _, lines in parts[first:]
                        for line in lines if "time_ns" in line})
        for time in times[::7] + times[-1:]:
            at = "@%dns" % time
            checks.equal(live("at/x.pmt" + at), live("all.pmt" + at),
                         "live%s from part %d" % (at, first))
        early = kit.run("live", "at/x.pmt@50us")
        checks.true(early.status == 1 and "earlier records were let go"
                    in early.err, early)
        text = kit.run("live", "at/x.pmt").text()
        checks.true("let go, but for what was live" in text
                    and "approximate" not in text, text)
    ages = kit.run("dump", "--json", "--kind", "live", "at/x.pmt").json()
    checks.true(any(line.get("age_ns", 0) > 300000 for line in ages),
                "blocks that are carried over have an age")


def check_left_out(parts):
    """A part without live sets: what is live is not known, and it says so."""
    trace = m.Trace()
    s = m.Stream(m.Trace())
    s.open()
    m.tables(s)
    s.alloc(m.alloc_rows())
    s.trace = trace
    s.go_on(1, 1000)
    m.tables(s)
    rows = m.alloc_rows()
    for row in rows:
        row["t"] += 1000
    s.alloc(rows)
    kit.write("out.pmt", bytes(trace.data))
    done = kit.run("live", "out.pmt")
    checks.true("approximate since" in done.text()
                and "too much to be written" in done.text(), done)
    checks.equal(kit.run("live", "--json", "out.pmt").json()[0]["begun_ns"],
                 1000, "begun_ns")


def check_what_ends_it(parts):
    """Down to the first part that is missing, damaged, or of another stream."""
    other = part_files(seed=2)
    begins = {"missing": None, "of another stream": other[2][0],
              "another part": parts[1][0], "no trace": b"PMT? no",
              "empty": b""}
    for what, data in begins.items():
        put(parts, 0)
        os.unlink("at/x.pmt.000002")
        if data is not None:
            kit.write("at/x.pmt.000002", data)
        done = kit.run("info", "--json", "at/x.pmt").json()[0]["streams"]
        checks.equal([(s["part_first"], s["part_last"], s["chunks_missing"])
                      for s in done], [(3, LAST, 0)], what)
    alone = kit.run("info", "--json", "at/x.pmt.000004").json()[0]["streams"]
    checks.equal([(s["part_first"], s["part_last"]) for s in alone], [(4, 4)],
                 "a part by its own name")


def check_damage(parts):
    """The file that is damaged is named, with the byte in it."""
    put(parts, 2)
    data = bytearray(parts[3][0])
    data[1000] ^= 4
    kit.write("at/x.pmt.000003", bytes(data))
    alone = kit.run("check", "at/x.pmt.000003")
    done = kit.run("check", "at/x.pmt")
    first = alone.lines()[0]
    checks.true(first.startswith("at/x.pmt.000003: corrupt at byte"), alone)
    checks.true(first in done.lines() and done.status == 1, done)
    told = kit.run("live", "at/x.pmt")
    checks.true("at/x.pmt.000003: corrupt at byte" in told.err, told)


def check_switch(parts):
    """Between two names: the next part is whole at x.pmt.new."""
    put(parts, 1)
    want = kit.run("dump", "--json", "at/x.pmt").out
    os.rename("at/x.pmt", "at/x.pmt.new")
    checks.equal(kit.run("dump", "--json", "at/x.pmt").out, want, "x.pmt.new")
    shutil.copy("at/x.pmt.new", "at/x.pmt")
    kit.write("at/x.pmt.new", b"begun, of no use")
    checks.equal(kit.run("dump", "--json", "at/x.pmt").out, want, "x.pmt")
    os.unlink("at/x.pmt")
    os.unlink("at/x.pmt.new")
    gone = kit.run("dump", "--json", "at/x.pmt")
    checks.true(gone.status == 2 and "No such file" in gone.err, gone)


def check_recover():
    parts = part_files(end=False)
    data = put(parts, 2)
    before = {name: kit.read("at/" + name) for name in os.listdir("at")}
    done = kit.run("recover", "-o", "whole.pmt", "at/x.pmt")
    checks.equal(done.status, 0, done)
    lines = kit.run("dump", "--json", "whole.pmt").json()[1:]
    checks.equal(lines[:-1], [line for _, some in parts[2:] for line in some],
                 "recovered")
    records = sum(line["kind"] in kit.RECORDS
                  for _, some in parts for line in some)
    checks.equal((lines[-1]["kind"], lines[-1]["records"],
                  lines[-1]["clean"]), ("end", records, False),
                 "the end counts the whole stream")
    check = kit.run("check", "whole.pmt")
    checks.true(check.status == 0 and len(check.lines()) == 1, check)
    for name in ("at/x.pmt", "at/x.pmt.000002", "at/x.pmt.000004"):
        refused = kit.run("recover", "-f", "-o", name, "at/x.pmt")
        checks.true(refused.status == 2 and "the trace itself"
                    in refused.err, refused)
    checks.equal({name: kit.read("at/" + name) for name in os.listdir("at")},
                 before, "no input is touched")
    checks.true(len(data) > 0, "parts")


# ---- the tree of processes ------------------------------------------------

def stream_file(path, seed, pid, start, parent=None, session=True, end=True,
                lost=0):
    trace = m.Trace()
    s = m.Stream(trace, seed)
    more = {}
    if session:
        more["session"] = bytes(range(16))
    if parent is not None:
        more["parent"] = m.Stream(trace, parent).uuid
    s.open(process={"pid": pid}, start=(0, start, 0), more=more)
    m.marks(s, *["mark"] * seed)
    s.lost = lost
    if lost:
        s.loss([{"t": 20, "cause": "full", "events": lost}])
    if end:
        s.end(t=30)
    trace.index()
    return kit.write(path, bytes(trace.data))


def check_tree():
    #    1 (pid 10) - 3 (11) - 5 (13), died, lost 7
    #               - 2 (12), which replaced itself: 4 (12), died
    #    6 (20), of no session; 7 and 8, each the parent of the other
    files = [stream_file("p5.pmt", 5, 13, 500, 3, end=False, lost=7),
             stream_file("p4.pmt", 4, 12, 400, 2, end=False),
             stream_file("p2.pmt", 2, 12, 350, 1, end=False),
             stream_file("p1.pmt", 1, 10, 100),
             stream_file("p3.pmt", 3, 11, 300, 1),
             stream_file("p6.pmt", 6, 20, 50, session=False),
             stream_file("p7.pmt", 7, 30, 50, 8),
             stream_file("p8.pmt", 8, 31, 60, 7)]
    want = [("p6.pmt", 0, "finished"), ("p7.pmt", 0, "finished"),
            ("p8.pmt", 1, "finished"), ("p1.pmt", 0, "finished"),
            ("p3.pmt", 1, "finished"), ("p5.pmt", 2, "died"),
            ("p2.pmt", 1, "exec"), ("p4.pmt", 2, "died")]
    done = kit.run("info", "--json", "--tree", *files)
    checks.equal(len(done.json()), 1, done)
    rows = done.json()[0]["processes"]
    got = [(r["file"], r["depth"], r["ended"]) for r in rows]
    order = [row for row in want if row[0] not in ("p7.pmt", "p8.pmt")]
    checks.equal([row for row in got if row[0] not in ("p7.pmt", "p8.pmt")],
                 order, "tree")
    checks.equal(sorted(row[0] for row in got), sorted(r[0] for r in want),
                 "each once, also in a circle")
    checks.equal({r["file"]: (r["records"], r["lost"], r["exec"])
                  for r in rows if r["file"] in ("p4.pmt", "p5.pmt")},
                 {"p5.pmt": (6, 7, False), "p4.pmt": (4, 0, True)}, "numbers")
    text = kit.run("info", "--tree", *files, files[0])
    lines = text.lines()
    checks.true(any(line.startswith("no session: 1 process: 1 finished")
                    for line in lines), text)
    checks.true("session 00010203-0405-0607-0809-0a0b0c0d0e0f: 7 processes: "
                "4 finished, 2 died, 1 exec; 7 events lost" in lines, text)
    checks.equal([line[:10].rstrip() for line in lines
                  if line.endswith((" p1.pmt", " p2.pmt", " p4.pmt",
                                    " p5.pmt"))],
                 ["  10", "      13", "    12", "      12 ("], text)
    both = kit.run("info", "--json", *files)
    checks.equal(len(both.json()), len(files) + 1, "files, then the tree")
    checks.equal(len(kit.run("info", "--json", files[0]).json()), 1, "one")
    deep = [stream_file("d%d.pmt" % i, 100 + i, i, i, 99 + i if i else None)
            for i in range(40)]
    depths = [r["depth"] for r in kit.run(
        "info", "--json", "--tree", *deep).json()[0]["processes"]]
    checks.equal(depths, list(range(40)), "a chain")


def main():
    parts = part_files()
    check_readers(parts)
    check_live(parts)
    check_left_out(parts)
    check_what_ends_it(parts)
    check_damage(parts)
    check_switch(parts)
    check_recover()
    check_tree()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
