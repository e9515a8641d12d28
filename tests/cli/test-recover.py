#!/usr/bin/env python3
"""pmt recover: all that is sound is kept, and what is missing is said.

What must be kept is told by the lines that the vectors' generator has made
itself, and for journals by the counter that the recorded program keeps.
"""

import json
import os
import signal
import subprocess
import time

import kit

checks = kit.Checks()
kit.scratch()


def several_chunks(m):
    trace, s = m.begin()
    m.tables(s)
    for i in range(4):
        rows = m.alloc_rows()
        for row in rows:
            row["t"] += 100 * i
        s.alloc(rows)
        m.marks(s, "mark %d" % i, t=500 + i)
    s.end(t=900)
    trace.index()
    return trace


def frames(data):
    """Where each label with its data frame, or the index, starts and ends."""
    at, found = 0, []
    while at < len(data):
        if data[at:at + 4] == b"\x5b\x2a\x4d\x18":
            size = 72 + int.from_bytes(data[at + 52:at + 56], "little")
        else:
            size = 8 + int.from_bytes(data[at + 4:at + 8], "little")
        found.append((at, at + size))
        at += size
    return found


def records(lines):
    return [line for line in lines if line.get("kind") in kit.RECORDS]


def recover(data, *options):
    """(what was done, the recovered file's lines) of a damaged file."""
    path = kit.write("in.pmt", data)
    done = kit.run("recover", "-f", "--json", *options, "-o", "out.pmt", path)
    checks.equal(kit.read(path), data, "the input is not touched")
    if done.status:
        return done, None
    checked = kit.run("check", "--json", "out.pmt")
    bad = [line for line in checked.json()
           if line.get("status") in ("truncated", "corrupt", "inconsistent",
                                     "incomplete")]
    checks.equal(bad, [], "recovered: %s" % checked)
    checks.true(kit.run("info", "--json", "out.pmt").json()[0]["index"],
                "recovered: has an index")
    return json.loads(done.err), kit.run("dump", "--json", "out.pmt").json()


def check_whole(data, lines):
    report, got = recover(data)
    checks.equal(got, lines, "a whole trace")
    checks.true(report["was_complete"] and not report["streams_ended"],
                report)
    checks.equal(kit.read("out.pmt"), data, "a whole trace, byte by byte")


def check_cut(data, lines):
    """Cut anywhere: the records of the chunks that are whole."""
    parts = frames(data)
    kinds = [data[start + 14] for start, _ in parts]
    counts = [int.from_bytes(data[start + 28:start + 32], "little")
              for start, _ in parts]
    every = records(lines)
    lengths = {n for start, end in parts
               for n in (start, start + 30, start + 75, (start + end) // 2,
                         end - 1, end)}
    for length in sorted(lengths):
        whole = [i for i, (_, end) in enumerate(parts) if end <= length]
        if not whole:
            continue
        keep = sum(counts[i] for i in whole[:len(parts) - 1]
                   if 10 <= kinds[i] <= 20)
        report, got = recover(data[:length])
        if got is None:
            checks.true(False, report)
            continue
        checks.equal(records(got), every[:keep], "cut at %d" % length)
        checks.equal(report["records_kept"], keep, report)
        ended = len(parts) - 2 in whole
        checks.equal(report["streams_ended"], int(not ended), report)
        end = [line for line in got if line.get("kind") == "end"]
        checks.equal([line["clean"] for line in end], [ended],
                     "cut at %d" % length)
        cut = length not in {end for _, end in parts}
        checks.equal((report["truncated"], report["bytes_dropped"]),
                     (cut, length - parts[whole[-1]][1]), report)


def check_holes(data, lines):
    """One chunk destroyed: all others are kept."""
    parts = frames(data)
    every = records(lines)
    for i, (start, end) in enumerate(parts[1:-2], 1):
        if not 10 <= data[start + 14] <= 20:
            continue
        broken = data[:start + 80] + b"\xAA" * (end - start - 80) + data[end:]
        report, got = recover(broken)
        name = "chunk %d destroyed" % i
        ordinal = sum(int.from_bytes(data[a + 28:a + 32], "little")
                      for a, _ in parts[:i]
                      if data[a + 14] == data[start + 14])
        count = int.from_bytes(data[start + 28:start + 32], "little")
        kind = {13: "alloc", 17: "mark"}[data[start + 14]]
        want = [line for line in every if line["kind"] != kind or not
                ordinal <= line["ordinal"] < ordinal + count]
        checks.equal(records(got), want, name)
        checks.equal((report["damaged_places"], report["chunks_missing"],
                      report["first_damage"]), (1, 1, start + 72), report)


def check_refusals(data):
    """What exists stays, what is nothing gives nothing."""
    path = kit.write("a.pmt", data)
    kit.write("there.pmt", b"mine")
    done = kit.run("recover", "-o", "there.pmt", path)
    checks.true(done.status == 2 and "exists" in done.err, done)
    checks.equal(kit.read("there.pmt"), b"mine", "what exists stays")
    os.symlink("a.pmt", "link.pmt")
    for out in ("a.pmt", "link.pmt"):
        done = kit.run("recover", "-f", "-o", out, path)
        checks.true(done.status == 2 and "itself" in done.err, done)
    checks.equal(kit.read(path), data, "the input stays")
    done = kit.run("recover", path)
    checks.true(done.status == 2 and "-o" in done.err, done)
    for bad in (b"", b"no trace at all\n", bytes(range(256)) * 9):
        done = kit.run("recover", "-o", "none.pmt",
                       kit.write("bad.pmt", bad))
        checks.true(done.status == 2 and done.err.count("\n") == 1, done)
        checks.true(not os.path.exists("none.pmt"), "no output is left")
    done = kit.run("recover", "-o", "none.pmt",
                   kit.write("nothing.pmt", data[:60]))
    checks.true(done.status == 1 and "nothing could be recovered" in done.err,
                done)
    checks.true(not os.path.exists("none.pmt"), "no output is left")
    done = kit.run("recover", "-o", "/dev/full", path)
    checks.true(done.status == 2 and "No space left" in done.err, done)
    done = kit.run("recover", "-o", "-", path)
    checks.equal((done.status, done.out), (0, data), "to standard output")
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    done = kit.run("recover", "-o", "-", "-", stdin=reader)
    os.close(reader)
    checks.equal((done.status, done.out), (0, data), "from a pipe")
    kit.write("a.pmt.journal", b"no journal")
    done = kit.run("recover", "-o", "beside.pmt", path)
    checks.true(done.status == 0 and "left aside" in done.err, done)
    checks.equal(kit.read("beside.pmt"), data, "a wrong journal")


# ---- with the recorder -----------------------------------------------------

# Makes marks until it is killed, and says after each that it has been made.
PROGRAM = r"""
import pmtrace, sys, os, signal
r = pmtrace.Recorder("died.pmt", mode="alloc")
r.start()
n = 0
while True:
    keep = [object() for _ in range(50)]
    r.mark("mark %d" % n)
    os.write(1, b"%d\n" % n)
    n += 1
"""


def record_until_killed():
    """Runs PROGRAM, kills it; the number of the last mark it had made."""
    env = kit.python_env()
    if subprocess.run([kit.PYTHON, "-c", "import pmtrace._recorder"], env=env,
                      stderr=subprocess.DEVNULL, check=False).returncode:
        return None, None
    process = subprocess.Popen([kit.PYTHON, "-c", PROGRAM], env=env,
                               stdout=subprocess.PIPE)
    for _ in range(2500):
        last = process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    busy = kit.run("recover", "-f", "-o", "busy.pmt", "died.pmt")
    state = kit.run("info", "--json", "died.pmt").json()[0]["streams"][0]
    checks.equal(state["state"], "recording", state)
    running = kit.run("dump", "--json", "died.pmt")
    checks.equal(running.status, 0, running.err)
    process.send_signal(signal.SIGCONT)
    for _ in range(500):
        last = process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    last = process.stdout.read().split(b"\n")[-2:-1] or [last]
    process.stdout.close()
    process.wait()
    return int(last[0]), busy


def check_in_place_journal(before):
    """The same as in a new file, the journal gone; also after a kill half
    way, which leaves a longer trace and the journal."""
    whole = kit.read("whole.pmt")
    kit.write("place.pmt", before[0])
    kit.write("again.pmt", whole[:len(whole) - 100])
    for name in "place.pmt", "again.pmt":
        kit.write(name + ".journal", before[1])
        os.chmod(name, 0o640)
    done = kit.run("recover", "--in-place", "place.pmt", "again.pmt")
    checks.equal(done.status, 0, done)
    for name in "place.pmt", "again.pmt":
        checks.equal(kit.read(name), whole, name)
        checks.true(not os.path.exists(name + ".journal"), name)
        checks.equal(os.stat(name).st_mode & 0o777, 0o640, "rights")


def check_in_place(data):
    """Cut ends are finished; what is damaged otherwise is left as it is."""
    parts = frames(data)
    cut = data[:parts[4][1] + 40]
    kit.write("cut.pmt", cut)
    kit.write("whole1.pmt", data)
    done = kit.run("recover", "-f", "-o", "new.pmt", "cut.pmt")
    checks.equal(done.status, 0, done)
    broken = data[:parts[3][0] + 80] + b"\xAA" * 8 + data[parts[3][0] + 88:]
    kit.write("broken.pmt", broken)
    os.symlink("whole1.pmt", "linked.pmt")
    done = kit.run("recover", "--in-place", "cut.pmt", "whole1.pmt")
    checks.equal(done.status, 0, done)
    checks.equal(kit.read("cut.pmt"), kit.read("new.pmt"), "cut")
    checks.equal(kit.read("whole1.pmt"), data, "a whole one")
    kit.write("cut.pmt", cut)
    done = kit.run("recover", "--in-place", "broken.pmt", "cut.pmt")
    checks.true(done.status == 1 and "damaged at" in done.err and
                "-o" in done.err, done)
    checks.equal(kit.read("broken.pmt"), broken, "a broken one")
    checks.equal(kit.read("cut.pmt"), kit.read("new.pmt"), "the next one")
    done = kit.run("recover", "--in-place", "linked.pmt")
    checks.true(done.status == 2 and "linked.pmt: " in done.err, done)
    for words in (["--in-place", "-o", "x.pmt", "cut.pmt"],
                  ["-o", "x.pmt", "cut.pmt", "broken.pmt"],
                  ["--in-place", "--journal=j", "cut.pmt", "broken.pmt"],
                  ["--in-place", "nonesuch.pmt"], ["--in-place"],
                  ["--in-place", "-"]):
        done = kit.run("recover", *words)
        checks.true(done.status == 2 and done.err, done)
    checks.true(not os.path.exists("x.pmt"), "no output is left")


def check_journal():
    """Every mark known to have been made is in the recovered trace."""
    last, busy = record_until_killed()
    if last is None:
        print("the recorder is not built: journals are not tested")
        return
    checks.true(busy.status == 2 and "still records" in busy.err, busy)
    before = kit.read("died.pmt"), kit.read("died.pmt.journal")
    info = kit.run("info", "--json", "died.pmt").json()[0]["streams"][0]
    checks.equal(info["state"], "incomplete", info)
    read = kit.run("dump", "--json", "died.pmt")
    checks.equal(read.status, 0, read.err)
    done = kit.run("recover", "--json", "-o", "whole.pmt", "died.pmt")
    checks.equal(done.status, 0, done)
    checks.equal((kit.read("died.pmt"), kit.read("died.pmt.journal")),
                 before, "the input is not touched")
    report = json.loads(done.err)
    checks.equal(report["had_journal"], True, report)
    checks.equal(report["journal_records"], info["journal_records"], report)
    got = kit.run("dump", "--json", "whole.pmt").json()
    texts = [line["text"] for line in got if line.get("kind") == "mark"]
    checks.true(len(texts) > last, "%d marks of %d" % (len(texts), last))
    checks.equal(texts, ["mark %d" % i for i in range(len(texts))], "marks")
    checks.equal(records(got), records(read.json()),
                 "recovered, and read with the journal")
    checked = kit.run("check", "whole.pmt")
    checks.equal(checked.status, 0, checked)
    check_in_place_journal(before)
    alone = kit.run("recover", "--no-journal", "-o", "alone.pmt", "died.pmt")
    checks.equal(alone.status, 0, alone)
    got = records(kit.run("dump", "--json", "alone.pmt").json())
    checks.true(len(got) <= len(records(read.json())), "without the journal")


def check_journal_unread():
    """A journal that can't be opened, for root neither, is spoken of."""
    data, _ = kit.make(several_chunks)
    kit.write("unread.pmt", data)
    os.symlink("unread.pmt.journal", "unread.pmt.journal")
    said = "unread.pmt.journal: Too many levels of symbolic links; what it " \
           "holds is left out\n"
    for words in ("dump",), ("live",), ("recover", "-o", "r.pmt"):
        done = kit.run(*words + ("unread.pmt",))
        checks.equal(done.status, 0, done)
        checks.equal(done.err.count("warning: " + said), 1, done.err)
    checks.equal(kit.run("dump", "--strict", "unread.pmt").status, 2,
                 "--strict")
    checks.equal(kit.run("check", "unread.pmt").err, "", "check")


def main():
    started = time.time()
    data, text = kit.make(several_chunks)
    lines = [json.loads(line) for line in text]
    check_whole(data, lines)
    check_cut(data, lines)
    check_holes(data, lines)
    check_refusals(data)
    check_in_place(data)
    check_journal()
    check_journal_unread()
    print("%.1f s" % (time.time() - started))
    checks.finish()


main()
