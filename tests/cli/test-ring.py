#!/usr/bin/env python3
"""The parts that the recorder writes, through the reading commands.

A program with max_size is killed, or ends; while it runs its trace is read
again and again. What is live must be what the program itself counts.
"""

import glob
import os
import shutil
import subprocess
import sys

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()
ENV = kit.python_env()
LINE = 5
PROGRAM = """\
import os, random, signal, sys
keep, dice = dict.fromkeys(range(3000), b""), random.Random(20261121)
for i in range(int(sys.argv[1])):
    key = dice.randrange(3000)
    keep[key] = bytes(dice.randrange(600, 9000))
print(len(keep), sum(map(sys.getsizeof, keep.values())), flush=True)
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
keep.clear()
"""


def start(folder, rounds, how, *options):
    os.makedirs(folder, exist_ok=True)
    kit.write("program.py", PROGRAM.encode())
    return subprocess.Popen(
        [kit.PYTHON, "-m", "pmtrace", "-o", folder + "/x.pmt", "--mode", "alloc",
         "--max-size", "4M", *options, "program.py", str(rounds), how],
        env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def at_line(path, line):
    """(blocks, bytes) that are live of a line of the program; the head."""
    done = kit.run("live", "--json", "--kind", "alloc", "-n", "1000000", path)
    checks.equal(done.status, 0, done)
    rows = [(row["count"], row["bytes"]) for row in done.json()
            if row.get("line") == line
            and str(row.get("file")).endswith("program.py")]
    return (rows or [(0, 0)])[0], done.json()[0]


def read_while_it_runs(process, path):
    """Parts come and go: nothing is wrong with any of them."""
    rounds = parts = 0
    while process.poll() is None:
        if not os.path.exists(path):
            continue
        for command in ("check", "info", "live"):
            done = kit.run(command, "--json", path)
            if process.poll() is not None:
                return rounds, parts
            wrong = [line for line in done.json() if line.get("status") in
                     ("corrupt", "missing", "inconsistent")]
            checks.true(not wrong and (done.status == 0 or not done.out or
                        any(line.get("status") == "truncated"
                            for line in done.json())),
                        "%s: %s" % (wrong[:1], done))
            if command == "info" and done.status == 0:
                for stream in done.json()[0]["streams"]:
                    parts = max(parts, stream["part_last"])
        rounds += 1
    return rounds, parts


def check_killed():
    process = start("killed", 150000, "kill")
    rounds, parts = read_while_it_runs(process, "killed/x.pmt")
    out, err = process.communicate()
    checks.equal((process.returncode, err), (-9, b""), "killed")
    count, size = map(int, out.split())
    path = "killed/x.pmt"
    got, head = at_line(path, LINE)
    checks.equal(got, (count, size), "live when it was killed")
    checks.true(not head["approximate"] and head["begun_ns"], head)
    stream = kit.run("info", "--json", path).json()[0]["streams"][0]
    checks.true(stream["part_first"] > 0 and stream["let_go"] > 0
                and stream["chunks_missing"] == 0 and stream["lost"] == 0,
                stream)
    checks.true(rounds > 2 and parts > 0, "read %d times" % rounds)
    newest = shutil.copytree("killed", "newest")
    for old in glob.glob(newest + "/x.pmt.0*"):
        os.unlink(old)
    checks.equal(at_line("newest/x.pmt", LINE)[0], (count, size),
                 "from the newest part alone")
    done = kit.run("recover", "-o", "whole.pmt", path)
    checks.equal(done.status, 0, done)
    checks.equal(at_line("whole.pmt", LINE)[0], (count, size), "recovered")
    check_journal_part(path, (count, size))
    for name in ("whole.pmt", path):
        done = kit.run("check", "--json", name)
        checks.true(done.status == 0, done)
    return path


def check_journal_part(path, want):
    """A process may die when the next part is in its place and the journal does
    not say so yet: that part is whole. A journal of a later part is of another
    file."""
    stream = kit.run("info", "--json", path).json()[0]["streams"][0]
    data = bytearray(kit.read(path + ".journal"))
    at = data.index(bytes.fromhex(stream["uuid"])) + 16
    part = int.from_bytes(data[at:at + 4], "little")
    checks.equal(part, stream["part_last"], "the journal's part")
    checks.true(stream["journal_records"] > 0, stream)
    for its_part, records in ((part - 1, stream["journal_records"]),
                              (part + 1, 0),
                              (part, stream["journal_records"])):
        data[at:at + 4] = its_part.to_bytes(4, "little")
        kit.write(path + ".journal", data)
        got = kit.run("info", "--json", path).json()[0]["streams"][0]
        checks.equal(got["journal_records"], records, "part %d" % its_part)
        if records:
            checks.equal(at_line(path, LINE)[0], want, "part %d" % its_part)


def check_decode(path):
    """decode.py on `cat` prints what pmt dump prints of two parts."""
    os.unlink(path + ".journal")
    for old in sorted(glob.glob(path + ".0*"))[:-1]:
        os.unlink(old)
    names = sorted(glob.glob(path + ".0*")) + [path]
    checks.equal(len(names), 2, "parts")
    kit.write("cat.pmt", b"".join(kit.read(name) for name in names))
    with open("want.json", "wb") as file:
        subprocess.run([sys.executable, kit.DECODE, "cat.pmt"], stdout=file,
                       stderr=subprocess.DEVNULL, check=True)
    with open("got.json", "wb") as file:
        checks.equal(kit.run("dump", "--json", path, stdout=file).status, 0,
                     "dump")
    checks.true(kit.read("want.json") == kit.read("got.json"), "decode.py")


def check_ended():
    process = start("ended", 120000, "end")
    out, err = process.communicate()
    checks.equal((process.returncode, err), (0, b""), "ended")
    path = "ended/x.pmt"
    info = kit.run("info", "--json", path).json()[0]
    checks.true(info["index"] and info["streams"][0]["state"] == "complete"
                and info["streams"][0]["part_first"] > 0, info["streams"][0])
    checks.equal(at_line(path + "@end", LINE)[0], (0, 0), "all was freed")
    check = kit.run("check", "--strict", path)
    checks.true(check.status == 0 and len(check.lines()) == 1, check)
    checks.true(len(out.split()) == 2, out)


def main():
    path = check_killed()
    check_decode(path)
    check_ended()
    checks.finish()


main()
