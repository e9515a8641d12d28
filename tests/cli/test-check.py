#!/usr/bin/env python3
"""pmt check: says what is wrong, where, and nothing of what is right."""

import random

import kit

checks = kit.Checks()
kit.scratch()
DAMAGE = ("truncated", "corrupt", "missing", "inconsistent")

# Valid vectors that hold what only several chunks together break: no reader
# drops anything of them, and check is there to tell.
BETWEEN = {"absent-columns", "between-chunks", "figures-1024",
           "first-of-stream-is-not-its-header", "ids", "loss-and-gap",
           "minor-version", "no-header", "not-utf-8", "snapshot-values",
           "times", "object-class-unknown",
           "later-parts-twice", "part-0-behind-5", "part-behind-chunks",
           "part-in-between-gone", "part-of-another-header", "parts-go-on",
           "parts-twice"}


def findings(done):
    return [line for line in done.json() if "status" in line]


def summary(done):
    return done.json()[-1]


def check_vector(vector):
    name = vector.name.split("/")[1]
    expect = vector.expect
    done = kit.run("check", "--json", vector.path)
    if expect["exit"] == 2:
        checks.true(done.status == 2 and done.err.count("\n") == 1, done)
        return
    broken = [f for f in findings(done)
              if f["status"] in ("truncated", "corrupt")]
    checks.equal(len(broken), expect["damage"], "%s: %s" % (vector.name,
                                                            broken))
    if broken:
        checks.equal((broken[0]["status"], broken[0]["offset"]),
                     (expect["status"], expect["offset"]), vector.name)
        checks.equal(done.status, 1, done)
    other = [f for f in findings(done)
             if f["status"] in ("missing", "inconsistent")]
    if vector.folder == "valid" and not broken:
        checks.equal(bool(other), name in BETWEEN,
                     "%s: %s" % (vector.name, other[:2]))
        checks.equal(done.status, int(bool(other)), done)
    checks.equal(summary(done)["bytes"], len(vector.data()), done)
    checks.equal(summary(done)["sound"], done.status == 0, done)
    piped = kit.run("check", "--json", "-", data=vector.data())
    checks.equal([dict(line, file=0) for line in piped.json()],
                 [dict(line, file=0) for line in done.json()],
                 vector.name + ": file and pipe")
    text = kit.run("check", vector.path)
    checks.equal(text.status, done.status, text)
    checks.equal(len(text.lines()), len(done.json()), text)
    quiet = kit.run("check", "-q", vector.path)
    checks.equal(quiet.lines(), text.lines()[:-1], vector.name + ": -q")


def frames(data):
    """(start, end) of each label with its data frame, and of the index, from
    the sizes in the file."""
    at, found = 0, []
    while at < len(data):
        if data[at:at + 4] == b"\x5b\x2a\x4d\x18":
            size = 72 + int.from_bytes(data[at + 52:at + 56], "little")
        else:
            assert data[at:at + 4] == b"\x5c\x2a\x4d\x18", at
            size = 8 + int.from_bytes(data[at + 4:at + 8], "little")
        found.append((at, at + size))
        at += size
    return found


def small(m):
    """A whole trace, small enough to cut at every byte."""
    trace, s = m.begin()
    m.tables(s)
    s.alloc(m.alloc_rows())
    m.marks(s, "warm")
    s.end(t=200)
    trace.index()
    return trace


def check_prefixes(data):
    """Cut at any byte: truncated at the frame that was cut, if it was."""
    parts = frames(data)
    starts = {start for start, _ in parts}
    for length in range(1, len(data)):
        path = kit.write("cut.pmt", data[:length])
        done = kit.run("check", "--json", path)
        got = [(f["status"], f.get("offset")) for f in findings(done)]
        want = []
        if length not in starts:
            want.append(("truncated",
                         max(start for start in starts if start < length)))
        if length < parts[-2][1]:       # the end chunk is not whole
            if length >= parts[0][1]:   # its stream was met
                want.append(("incomplete", None))
        checks.equal((done.status, got), (int(length not in starts), want),
                     "cut at %d" % length)


def check_flips(data):
    """A bit of each byte: seen, in its frame, at most a chunk lost."""
    dice = random.Random(20261121)
    parts = frames(data)
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << dice.randrange(8)
        path = kit.write("flip.pmt", bytes(flipped))
        done = kit.run("check", "--json", path)
        start, end = [p for p in parts if p[0] <= at < p[1]][0]
        broken = [f for f in findings(done)
                  if f["status"] in ("truncated", "corrupt")]
        checks.true(done.status == 1 and broken
                    and start <= broken[0]["offset"] < end,
                    "flip at %d: %s" % (at, done))
        lost = [f for f in broken if "the chunk is lost" in f["message"]]
        checks.true(len(lost) <= 1 and summary(done)["bytes_damaged"]
                    <= end - start, "flip at %d: %s" % (at, done))


def gap(m):
    trace, s = m.begin()
    m.marks(s, "a")
    s.seq += 2
    s.ordinals[17] += 5
    m.marks(s, "b")
    s.end(t=20)
    return trace


def repeated_number(m):
    trace, s = m.begin()
    m.marks(s, "a")
    s.seq -= 1
    m.marks(s, "b")
    return trace


def ordinal(m):
    trace, s = m.begin()
    m.marks(s, "a", "b")
    s.ordinals[17] = 7
    m.marks(s, "c", t=12)
    return trace


def time_back(m):
    trace, s = m.begin()
    m.marks(s, "a", t=12)
    m.marks(s, "b", t=11)
    return trace


def lost_falls(m):
    trace, s = m.begin()
    s.lost = 3
    m.marks(s, "a")
    s.lost = 2
    m.marks(s, "b")
    return trace


def epoch_falls(m):
    trace, s = m.begin()
    s.epoch = 1
    m.marks(s, "a")
    s.epoch = 0
    m.marks(s, "b")
    return trace


def behind_end(m):
    trace, s = m.begin()
    s.end()
    m.marks(s, "a")
    return trace


def end_chunks(m):
    trace, s = m.begin()
    s.seq += 1
    s.end(env={2: 1})
    return trace


def end_records(m):
    trace, s = m.begin()
    m.marks(s, "a")
    s.records += 1
    s.end(t=11)
    return trace


def loss_records(m):
    trace, s = m.begin()
    s.lost = 1
    s.loss([{"t": 1, "cause": "full", "events": 4}])
    return trace


def thread_unknown(m):
    trace, s = m.begin()
    s.mark([{"t": 1, "text": "a", "thread": 9},
            {"t": 2, "text": "b", "thread": 8},
            {"t": 3, "text": "c", "thread": 9}])
    return trace


def stack_of_another_epoch(m):
    trace, s = m.begin()
    m.tables(s)
    s.alloc(m.alloc_rows())
    s.epoch = 1
    s.thread((1, 4711, 0x7F0012345000, 0), (2, 4712, 0x7F0012346000, 0))
    rows = m.alloc_rows()
    for row in rows:
        row["t"] += 100
        row["stack"] = row["stack"] and 3
    s.alloc(rows)
    return trace


def parent_unknown(m):
    trace, s = m.begin()
    s.code((1, 0, 0, 1))
    s.stack((5, 0, 1, 1), (6, 5, 1, 2), (7, 4, 1, 2))
    return trace


def string_unknown(m):
    trace, s = m.begin()
    s.type((1, 77, 0, 0))
    return trace


def string_restated(m):
    trace, s = m.begin()
    s.string({1: "a", 2: "b"})
    s.string({1: "a", 2: "c"})
    return trace


def stack_restated(m):
    trace, s = m.begin()
    s.code((1, 0, 0, 1))
    s.stack((1, 0, 1, 1))
    s.stack((1, 0, 1, 2))
    return trace


def no_header(m):
    trace = m.Trace()
    s = m.Stream(trace)
    s.seq = 1
    m.marks(s, "a")
    return trace


# What is built, and the findings besides "incomplete": status, a part of the
# message, how often. None: nothing else may be found.
BUILT = [
    (gap, [("missing", "chunks 2 to 3 "), ("missing", "5 records")]),
    (repeated_number, [("inconsistent", "chunk 1 of the stream follows")]),
    (ordinal, [("inconsistent", "ordinal 7 where 2 is next")]),
    (time_back, [("inconsistent", "from tick 12 to 11")]),
    (lost_falls, [("inconsistent", "2 events lost, 3 before"),
                  ("loss", "3 events lost")]),
    (epoch_falls, [("inconsistent", "epoch 0 follows epoch 1")]),
    (behind_end, [("inconsistent", "behind the end")]),
    (end_chunks, [("inconsistent", "counts 2 chunks, its number is 1")]),
    (end_records, [("inconsistent", "counts 2 records, there are 1")]),
    (loss_records, [("loss", "1 event lost"),
                    ("inconsistent", "count 4 events, chunks 1")]),
    (thread_unknown, [("missing", "refers 3 times to thread entries")]),
    (stack_of_another_epoch, [("missing", "stack entries that its epoch 1")]),
    (parent_unknown, [("missing", "refers to stack 4, which its epoch 0")]),
    (string_unknown, [("missing", "refers to string 77")]),
    (string_restated, [("inconsistent", "1 entry was stated before with "
                        "another meaning, first 2")]),
    (stack_restated, [("inconsistent", "another meaning, first 1")]),
    (no_header, [("missing", "header of its stream"),
                 ("missing", "chunk 0 of the stream is missing")]),
    (small, []),
]


def check_built():
    for build, want in BUILT:
        data, _ = kit.make(build)
        path = kit.write(build.__name__ + ".pmt", data)
        done = kit.run("check", "--json", path)
        got = [(f["status"], f["message"]) for f in findings(done)
               if f["status"] != "incomplete"]
        right = len(got) == len(want) and all(
            a[0] == b[0] and b[1] in a[1] for a, b in zip(got, want))
        checks.true(right, "%s: %s" % (build.__name__, got))
        damage = any(status in DAMAGE for status, _ in want)
        checks.equal(done.status, int(damage), done)


def check_loss_is_no_damage(data):
    def lossy(m):
        trace, s = m.begin()
        s.lost = 12
        s.loss([{"t": 1, "cause": "full", "events": 12}])
        s.end(t=2)
        return trace
    path = kit.write("lossy.pmt", kit.make(lossy)[0])
    done = kit.run("check", path)
    checks.true(done.status == 0 and "12 events lost" in done.text(), done)
    checks.equal(kit.run("check", "--strict", path).status, 1, "--strict")
    whole = kit.write("whole.pmt", data)
    checks.equal(kit.run("check", "--strict", whole).status, 0, "--strict")
    done = kit.run("check", whole, "no-such-file", path)
    checks.true(done.status == 2 and len(done.err.splitlines()) == 1, done)
    with open("/dev/full", "wb") as full:
        checks.equal(kit.run("check", whole, stdout=full).status, 2, "full")
    # Overwritten bytes are counted as what they are.
    start, end = frames(data)[3]
    broken = data[:start] + b"\xAA" * (end - start) + data[end:]
    done = kit.run("check", "--json", kit.write("hole.pmt", broken))
    checks.equal(summary(done)["bytes_damaged"], end - start, done)
    # A frame of somebody else between ours is no damage.
    foreign = b"\x53\x2a\x4d\x18\x05\0\0\0hello"
    done = kit.run("check", "--json",
                   kit.write("foreign.pmt",
                             data[:end] + foreign +
                             data[end:frames(data)[-1][0]]))
    checks.equal((done.status, summary(done)["foreign"]), (0, 1), done)


def main():
    for vector in kit.common.vectors():
        check_vector(vector)
    check_built()
    data, _ = kit.make(small)
    check_prefixes(data)
    check_flips(data)
    check_loss_is_no_damage(data)
    checks.finish()


main()
