#!/usr/bin/env python3
"""What bad input gets, from every command that reads a trace.

Not a trace, or of a later version: one clear line, nothing on standard
output, status 2. Damaged: what is sound, warnings, status 1; cut: status 0;
with --strict 2. Whatever a file of a few kilobytes claims: under 64 MiB.
"""

import os
import random
import struct
import subprocess
import threading

import kit

checks = kit.Checks()
kit.scratch()

COMMANDS = [["info"], ["info", "--json"], ["dump"], ["dump", "--json"],
            ["check"], ["check", "--json"]]
PROGRAMS = subprocess.run([kit.PMT, "--list-commands"], check=True,
                          stdout=subprocess.PIPE).stdout.decode().split()
if "live" in PROGRAMS:
    COMMANDS.append(["live"])
BOUND = None if kit.sanitized() else 64 << 20


def bounded(done):
    checks.true(BOUND is None or done.rss_bytes < BOUND,
                "%d MiB: %s" % (done.rss_bytes >> 20, done))


def refused(path, *words, data=None):
    """One line with `words`, nothing else, status 2."""
    for command in COMMANDS:
        done = kit.run(*command, path, data=data)
        checks.equal((done.status, done.out, done.err.count("\n")),
                     (2, b"", 1), done)
        checks.true(all(word in done.err for word in words), done)
        checks.true(done.err.startswith("pmt-%s: " % command[0]), done)
        bounded(done)
    if data is None:
        done = kit.run("recover", "-o", "recovered.pmt", path)
        checks.equal((done.status, done.out, done.err.count("\n")),
                     (2, b"", 1), done)
        checks.true(not os.path.exists("recovered.pmt"), done)


def check_no_traces():
    dice = random.Random(1)
    for name, data, words in (
            ("empty", b"", ["empty"]),
            ("text", b"hello, this is a text\n" * 40, ["not a trace"]),
            ("zeros", bytes(100000), ["not a trace"]),
            ("random", bytes(dice.randrange(256) for _ in range(70000)),
             ["not a trace"]),
            ("gzip", b"\x1f\x8b\x08" + bytes(200), ["not a trace"]),
            ("cbor", b"\xd9\xd9\xf7\xa0", ["not a trace"])):
        path = kit.write(name + ".pmt", data)
        refused(path, path, *words)
        if data:
            refused("-", "standard input", *words, data=data)
    os.mkdir("folder")
    refused("folder", "folder")     # is none, or has no trace in it
    refused("missing.pmt", "missing.pmt", "No such file")
    refused("/dev/null", "/dev/null", "empty")
    # A file whose name drives the terminal; and one that can't be read.
    refused("a\x1b[31m.pmt", "a\\x1b[31m.pmt")
    if os.path.exists("/proc/self/mem"):
        refused("/proc/self/mem", "/proc/self/mem")
    for vector in kit.common.vectors("invalid"):
        if vector.expect["status"] == "not a trace":
            refused(vector.path)


def later(m):
    trace = m.Trace()
    s = m.Stream(trace)
    s.open(version=(2, 7))
    m.marks(s, "x")
    return trace


def check_versions():
    path = kit.write("later.pmt", kit.make(later)[0])
    for command in (["info"], ["live"]) if "live" in PROGRAMS else (["info"],):
        done = kit.run(*command, path)
        checks.equal((done.status, done.out, done.err.count("\n")),
                     (2, b"", 1), done)
    for command in COMMANDS:
        done = kit.run(*command, path)
        checks.true(done.status == 2 and "version 2.7" in done.err and
                    done.err.count("\n") == 1, done)


def sound(m):
    trace, s = m.begin()
    m.tables(s)
    for i in range(3):
        rows = m.alloc_rows()
        for row in rows:
            row["t"] += 100 * i
        s.alloc(rows)
    s.end(t=500)
    trace.index()
    return trace


def check_damaged():
    """The rule of docs/cli.md, the same in every command."""
    data, _ = kit.make(sound)
    cut = kit.write("cut.pmt", data[:len(data) * 2 // 3])
    at = data.rindex(b"\x28\xb5\x2f\xfd", 0, len(data) * 2 // 3)
    flipped = bytearray(data)
    flipped[at + 20] ^= 4
    flip = kit.write("flip.pmt", bytes(flipped))
    for command in COMMANDS:
        if command[0] == "check":
            continue
        whole = kit.run(*command, kit.write("whole.pmt", data))
        checks.equal((whole.status, whole.err), (0, ""), whole)
        done = kit.run(*command, cut)
        checks.true(done.status == 0 and done.out and
                    "warning: cut.pmt: truncated at byte " in done.err, done)
        checks.equal(kit.run(*command, "--strict", cut).status, 2, done)
        quiet = kit.run(*command, "-q", cut)
        checks.equal((quiet.status, quiet.err), (0, ""), quiet)
        if command[0] == "info":
            continue            # it reads the index alone
        done = kit.run(*command, flip)
        checks.true(done.status == 1 and done.out and
                    "corrupt at byte %d" % at in done.err, done)
        checks.equal(kit.run(*command, "--strict", flip).status, 2, done)
        done = kit.run(*command, "-", data=bytes(flipped))
        checks.true(done.status == 1 and
                    "standard input: corrupt at byte %d" % at in done.err,
                    done)


def frame(content, size=None):
    """A zstd frame with raw blocks and no checksum, of any declared size."""
    size = len(content) if size is None else size
    return (b"\x28\xb5\x2f\xfd\xe4" + struct.pack("<Q", size)
            + struct.pack("<I", len(content) << 3 | 1)[:3] + content
            + b"\0\0\0\0")


def bombs(m):
    """Data frames that claim what they do not have."""
    deep = b"\x81" * 10000 + b"\x00"
    yield "array-2-60", m.frame(b"\xa1\x0f\x9b" + struct.pack(">Q", 1 << 60))
    yield "string-10-GB", m.frame(
        b"\xa1\x0f\x7b" + struct.pack(">Q", 10 << 30) + b"x")
    yield "nested-10000", m.frame(deep)
    yield "size-2-60", frame(b"\xa0", 1 << 60)
    yield "size-17-MiB", frame(b"\xa0", 17 << 20)
    # 128 KiB of zeros a block of 4 bytes, 4000 times: 500 MB in 16 KB.
    block = struct.pack("<I", 131072 << 3 | 2)[:3] + b"\0"
    last = struct.pack("<I", 131072 << 3 | 3)[:3] + b"\0"
    for name, blocks in (("bomb-500-MB", 4000), ("bomb-15-MiB", 120)):
        yield name, (b"\x28\xb5\x2f\xfd\xe4"
                     + struct.pack("<Q", blocks * 131072)
                     + block * (blocks - 1) + last + b"\0\0\0\0")
    yield "label-of-2-GB", m.skippable(11, b"PMTL" + bytes(60), 0x7FFFFFFF)
    yield "index-of-1-GB", m.skippable(12, b"", 1 << 30)


def check_bombs():
    module = kit.generator()
    good, _ = kit.make(sound)
    parts = 0
    for name, bomb in bombs(module):
        path = kit.write(name + ".pmt", good + bytes(bomb) + good)
        for command in COMMANDS + [["recover", "-fo", "recovered.pmt"]]:
            done = kit.run(*command, path, timeout=30)
            bounded(done)
            checks.true(done.status in (0, 1), done)
            if command[0] != "recover":
                checks.equal(done.status, 1, done)
        # And as the beginning of a file, and alone.
        for data in (bytes(bomb) + good, bytes(bomb)):
            for command in COMMANDS:
                done = kit.run(*command, kit.write("bomb.pmt", data))
                bounded(done)
                checks.true(done.status in (0, 1, 2) and done.err or
                            command[0] == "check", done)
        parts += 1
    checks.true(parts == 9, "bombs")


def counts_2_60(m):
    """Claims in envelopes and columns."""
    trace, s = m.begin()
    for change in ({3: 1 << 60}, {3: 65536}, {8: (1 << 64) - 1}):
        s.chunk("mark", 1, 1, 1, {1: 5, 16: ["x"]}, env=change, label=False)
    for column in (m.cbor([4, b"\xff\xff\xff\xff\x0f\x01"]),
                   m.cbor([3, b"\x00"])):
        s.chunk("loss", 65536, 1, 1, {1: 0, 14: m.Raw(column), 23: 1},
                label=False)
    s.string({i * 255 + 1: "x" for i in range(20000)})
    s.chunk("alloc", 65536, 0, 0,
            {1: 0, 14: 4, 9: 0, 10: b"\x02" * 65536, 6: (1 << 64) - 1})
    return trace


def check_claims():
    data, _ = kit.make(counts_2_60)
    path = kit.write("claims.pmt", data)
    for command in COMMANDS:
        done = kit.run(*command, path)
        bounded(done)
        checks.true(done.status in (0, 1), done)
    for vector in kit.common.vectors("invalid"):
        if os.path.getsize(vector.path) < 100000:
            bounded(kit.run("check", "-q", vector.path))


def check_pipes():
    """A FIFO, slowly; and one byte at a time."""
    data, _ = kit.make(sound)
    want = kit.run("dump", kit.write("whole.pmt", data)).out
    os.mkfifo("fifo")

    def feed():
        with open("fifo", "wb", buffering=0) as file:
            for i in range(0, len(data), 7):
                file.write(data[i:i + 7])
    for command, wanted in ((["dump", "fifo"], want), (["check", "fifo"], None),
                            (["info", "fifo"], None)):
        thread = threading.Thread(target=feed)
        thread.start()
        done = kit.run(*command)
        thread.join()
        checks.equal(done.status, 0, done)
        if wanted is not None:
            checks.equal(done.out, wanted, "through a FIFO")
    # No descriptor at all, and one that is only written.
    for name in ("<&-", "</dev/full", "0>x"):
        done = subprocess.run(["sh", "-c", '"$0" dump - ' + name, kit.PMT],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=20, check=False) \
            if name != "</dev/full" else None
        if done is not None:
            checks.true(done.returncode == 2 and not done.stdout and
                        done.stderr.count(b"\n") == 1, (name, done))


def main():
    check_no_traces()
    check_versions()
    check_damaged()
    check_bombs()
    check_claims()
    check_pipes()
    checks.finish()


main()
