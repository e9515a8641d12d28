#!/usr/bin/env python3
"""pmt merge: its laws on 1,000 generated traces; what it copies, line by line
against the independent reader; clocks, duplicates, damage, journals, limits."""

import collections
import json
import os
import resource
import subprocess

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()
g = kit.generator()


def merge(out, *args, status=0, err=None):
    done = kit.run("merge", "-f", "-o", out, *args)
    checks.equal(done.status, status, "%s: status (%s)" % (args, done.err))
    if err is not None:
        checks.equal(done.err, err, "%s: messages" % (args,))
    return kit.read(out) if os.path.exists(out) else b""


def lines(path):
    """What the independent reader prints, by stream."""
    import sys
    done = subprocess.run([sys.executable, kit.DECODE, path],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = collections.defaultdict(list)
    for line in done.stdout.splitlines()[1:]:
        row = json.loads(line)
        if "stream" in row:
            found[row["stream"]].append(line)
    return found


def same_content(name, result, *inputs):
    want = collections.defaultdict(list)
    for path in inputs:
        for stream, rows in lines(path).items():
            want[stream] += rows
    checks.equal(lines(result), want, name + ": lines")


# ---- the laws ---------------------------------------------------------------

COUNT = int(os.environ.get("PMT_LAW_TRACES", "1000"))
if os.path.exists(kit.MAKER):
    os.mkdir("made")
    subprocess.run([kit.MAKER, "1", str(COUNT), "made"], check=True,
                   stdout=subprocess.DEVNULL)
    paths = sorted("made/" + name for name in os.listdir("made"))
    for i in range(0, len(paths) - 2, 3):
        a, b, c = paths[i:i + 3]
        name = "%s %s %s" % (a, b, c)
        merge("ab", a, b)
        merge("bc", b, c)
        flat = merge("abc", a, b, c)
        checks.true(flat == merge("1", a, "bc"), name + ": merge(a, bc)")
        checks.true(flat == merge("2", "ab", c), name + ": merge(ab, c)")
        if i % 5 == 0:
            checks.true(flat == merge("3", c, "ab", b, a),
                        name + ": twice, in another order")
            checks.true(flat == merge("4", "abc"), name + ": merge(merge)")
        if i % 60 == 0:
            same_content(name, "abc", a, b, c)
            checks.equal(kit.run("check", "abc").status,
                         max(kit.run("check", x).status for x in (a, b, c)),
                         name + ": check")
    # One by one, all at once, the folder, from the last to the first.
    checks.true(merge("1", "made") == merge("2", *reversed(paths)) ==
                merge("3", "made/*.pmt"), "all of them")


# ---- clocks -----------------------------------------------------------------

def stream(seed, start, boot=None, texts=(), times=(), end=True):
    trace = g.Trace()
    s = g.Stream(trace, seed)
    s.open(start=start, more={"boot": boot} if boot else None)
    for t, text in zip(times, texts):
        s.mark([{"t": t, "text": text}])
    if end:
        s.end(t=max(times))
    trace.index()
    return bytes(trace.data)


def marks(path):
    return [json.loads(line)["text"] for line in kit.run(
        "dump", "--json", "--kind", "mark", path).out.splitlines()
        if b'"text"' in line]


SECOND = 10 ** 9
WALL = 1763683200 * SECOND
BOOT = bytes(range(16))
# One boot: the second began 5 s after the first by the monotonic clock, though
# the wall clock was set back an hour meanwhile.
kit.write("a.pmt", stream(1, [100 * SECOND, WALL, 5], BOOT,
                          ("a0", "a6"), (0, 6 * SECOND)))
kit.write("b.pmt", stream(2, [105 * SECOND, WALL - 3600 * SECOND, 7], BOOT,
                          ("b5", "b7"), (0, 2 * SECOND)))
merge("ab.pmt", "b.pmt", "a.pmt", err="")
checks.equal(marks("ab.pmt"), ["a0", "b5", "a6", "b7"], "one boot")
# Another host: by wall time.
kit.write("c.pmt", stream(3, [SECOND, WALL + 5500000000, 9], bytes(16 * [9]),
                          ("c5.5", "c8"), (0, 2500000000)))
merge("abc.pmt", "c.pmt", "b.pmt", "a.pmt", err="")
checks.equal(marks("abc.pmt"), ["a0", "b5", "c5.5", "a6", "b7", "c8"],
             "two boots")
done = kit.run("merge", "--json", "-o", "/dev/null", "a.pmt", "b.pmt")
report = json.loads(done.err)
checks.equal((report["clocks"], report["uncertainty_ns"]), (1, 0),
             "one clock")
done = kit.run("merge", "--json", "-o", "/dev/null", "a.pmt", "b.pmt", "c.pmt")
report = json.loads(done.err)
checks.equal((report["clocks"], report["uncertainty_ns"]),
             (2, 3605 * SECOND + 9), "two clocks: set back, and the worst")
checks.equal((report["inputs"], report["streams"], report["records"]),
             (3, 3, 6), "counts")

# ---- duplicates ---------------------------------------------------------------

twice = kit.write("twice.pmt", kit.read("a.pmt") + kit.read("a.pmt"))
checks.true(merge("1", "a.pmt") == merge("2", twice) ==
            merge("3", "a.pmt", "twice.pmt"), "a stream that is there twice")
report = json.loads(kit.run("merge", "--json", "-o", "/dev/null", "twice.pmt",
                            "a.pmt").err)
checks.equal((report["chunks_duplicate"], report["records"]), (8, 2),
             "duplicates counted")

# A dump is a copy up to somewhere, with an end of its own.
trace, s = g.begin()
g.marks(s, "one")
dump = g.Trace()
kit.write("cut.pmt", bytes(trace.data))
g.marks(s, "two", t=20)
middle = len(trace.data)
s.end(t=30)
whole = kit.write("whole.pmt", bytes(trace.data))
trace2, s2 = g.begin()
g.marks(s2, "one")
s2.end(t=15, clean=2)
kit.write("dump.pmt", bytes(trace2.data))
checks.true(merge("1", "whole.pmt") == merge("2", "dump.pmt", "whole.pmt") ==
            merge("3", "whole.pmt", "cut.pmt", "dump.pmt"),
            "a dump gives way to the whole")
checks.equal(marks("2"), ["one", "two"], "dump and whole")

# ---- damage -------------------------------------------------------------------

data = bytearray(kit.read("a.pmt"))
data[data.rindex(b"a6")] ^= 1
kit.write("bad.pmt", bytes(data))
merge("1", "bad.pmt", status=1)
checks.equal(marks("1"), ["a0"], "a damaged chunk is left out")
checks.true("1 chunk damaged: not in the result" in
            kit.run("merge", "-o", "/dev/null", "bad.pmt").err, "and told")
checks.true(merge("1", "bad.pmt", "a.pmt") == merge("2", "a.pmt"),
            "another trace has it whole")
kit.write("short.pmt", kit.read("a.pmt")[:-700])
done = kit.run("merge", "-f", "-o", "1", "short.pmt", "b.pmt")
checks.true(done.status == 0 and "short.pmt: truncated" in done.err, done)
done = kit.run("merge", "-f", "-o", "strict.pmt", "--strict", "short.pmt", "b.pmt")
checks.true(done.status == 2 and not os.path.exists("strict.pmt"), done)
same_content("truncated", "1", "short.pmt", "b.pmt")
for name in ("text", "empty"):
    kit.write(name, b"no trace\n" if name == "text" else b"")
    done = kit.run("merge", "-o", "never.pmt", "a.pmt", name)
    checks.true(done.status == 2 and done.err.count("\n") == 1 and
                not os.path.exists("never.pmt"), done)

# ---- how it is called ----------------------------------------------------------

os.mkdir("runs")
os.mkdir("runs/deep")
kit.write("runs/a.pmt", kit.read("a.pmt"))
kit.write("runs/deep/b.pmt", kit.read("b.pmt"))
checks.true(merge("1", "runs") == merge("2", "a.pmt"), "a folder")
checks.true(merge("1", "-r", "runs") == merge("2", "a.pmt", "b.pmt"),
            "a folder and those below it")
checks.true(merge("1", "runs/*.pm[t]") == merge("2", "a.pmt"), "a pattern")
piped = kit.run("merge", "-", "b.pmt", data=kit.read("a.pmt")).out
checks.true(piped == merge("2", "a.pmt", "b.pmt"), "standard input and output")
for args, what in (
        ((), "no trace given"), (("gone.pmt",), "No such file"),
        (("a.pmt", "--nonsense"), "nonsense"), (("empty*",), "is empty"),
        (("none*",), "no file matches"), (("-", "-"), "once only"),
        (("-o", "a.pmt", "b.pmt"), "exists"),
        (("-f", "-o", "a.pmt", "a.pmt", "b.pmt"), "one of the traces"),
        (("-o", "gone/x", "a.pmt"), "No such file"),
        (("-o", "/dev/full", "a.pmt"), "No space")):
    before = kit.read("a.pmt")
    done = kit.run("merge", *args)
    checks.true(done.status == 2 and what in done.err and
                done.err.count("\n") == 1, done)
    checks.true(kit.read("a.pmt") == before, "%s: a.pmt changed" % (args,))
with open("/dev/full", "wb") as full:
    done = kit.run("merge", "a.pmt", stdout=full)
    checks.true(done.status == 2 and "No space" in done.err, done)
done = subprocess.run(
    ["bash", "-c", '"$0" merge a.pmt b.pmt | head -c 1', kit.PMT],
    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
checks.equal((len(done.stdout), done.stderr), (1, b""), "| head -c 1")

# ---- many ------------------------------------------------------------------------

os.mkdir("many")
for i in range(1000):
    kit.write("many/%04d.pmt" % i, stream(
        1000 + i, [100 * SECOND + i, WALL + i, 5], BOOT,
        ["%d.%d" % (i, k) for k in range(5)], [k * 1000 for k in range(5)]))
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (24, hard))
done = kit.run("merge", "-f", "-o", "all.pmt", "many")
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
checks.equal((done.status, done.err), (0, ""), "1,000 traces, 24 descriptors")
checks.true(kit.sanitized() or done.rss_bytes < 128 << 20,
            "1,000 traces: %d bytes of memory" % done.rss_bytes)
checks.equal(marks("all.pmt"), ["%d.%d" % (i, k) for k in range(5)
                                for i in range(1000)], "1,000 traces: order")
checks.equal(kit.run("check", "all.pmt").status, 0, "1,000 traces: check")

checks.finish()
