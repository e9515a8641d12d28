#!/usr/bin/env python3
"""pmt top of several traces: one table, the sums over what spec/decode.py reads
of each; what pmt top says of their merge, by every option; a table of each with
--each; damage, copies, pipes and what is refused."""

import collections
import json
import os
import random
import resource
import subprocess
import sys

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()
g = kit.generator()
BOOT = bytes(range(16))
SIZES = {"malloc", "calloc", "realloc"}
ALL = "live,allocated,rate,temporary,lifetimes,peak"


def top(*args, **how):
    return kit.run("top", *args, **how)


# ---- workers ----------------------------------------------------------------

def worker(number, changes=60, chunks=5, **header):
    """A process that makes and releases blocks, and sets a mark."""
    trace = g.Trace()
    s = g.Stream(trace, 100 + number)
    s.open(start=(10 ** 9 + number * 1000, 10 ** 18 + number * 1000, 0),
           process={"pid": 500 + number, "argv": ["worker", str(number)]},
           more=dict({"boot": BOOT}, **header))
    g.tables(s)
    chance = random.Random(number)
    live, t = [], 100
    for chunk in range(chunks):
        rows = []
        for _ in range(changes):
            t += chance.randrange(1, 40)
            row = {"t": t, "thread": 1, "domain": "obj"}
            if live and chance.random() < 0.4:
                row.update(op="free", address=live.pop(
                    chance.randrange(len(live))), stack=0, size=0)
            else:
                address = 0x10000 + 16 * chance.randrange(1 << 20)
                if address in live:
                    continue
                live.append(address)
                row.update(op="malloc", address=address,
                           size=chance.randrange(1, 5000),
                           stack=chance.randrange(1, 4))
            rows.append(row)
        s.alloc(rows)
        if chunk == 2:
            g.marks(s, "warm", t=t)
    s.end(t=t + 1)
    trace.index()
    return bytes(trace.data)


def decoded(path):
    done = subprocess.run([sys.executable, kit.DECODE, path],
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def sums(path, found, until=1 << 62):
    """Adds to {(pid, site): [live, its bytes, made, its bytes]}."""
    known, live, pid = {}, {}, None
    for line in decoded(path):
        if line.get("kind") == "stream":
            pid = line["pid"]
        elif line.get("kind") in ("stack", "code"):
            known[line["kind"], line["id"]] = line
        elif line.get("kind") == "alloc" and line["time_ns"] <= until:
            if line["op"] not in SIZES:
                size, row = live.pop(line["address"])
                row[0] -= 1
                row[1] -= size
                continue
            stack = known["stack", line["stack"]]
            code = known["code", stack["code"]]
            row = found[pid, (code["file"], stack["line"], code["function"])]
            row[0] += 1
            row[1] += line["size"]
            row[2] += 1
            row[3] += line["size"]
            live[line["address"]] = line["size"], row


def by(found, key):
    added = collections.defaultdict(lambda: [0, 0, 0, 0])
    for where, row in found.items():
        for i, value in enumerate(row):
            added[key(where)][i] += value
    return {where: row for where, row in added.items() if row[2]}


def numbers(row):
    return [row["count"], row["bytes"], row["allocations"],
            row["allocated"]]


def table(*args, status=0):
    done = top("--json", "-n", "1000000", *args)
    checks.equal((done.status, done.err), (status, ""), done)
    lines = done.json()
    checks.equal([line["row"] == "top" for line in lines],
                 [True] + [False] * (len(lines) - 1), "one table: %s" % done)
    return lines[0], lines[1:]


def check_sums():
    names = []
    found = collections.defaultdict(lambda: [0, 0, 0, 0])
    early = collections.defaultdict(lambda: [0, 0, 0, 0])
    for number in range(8):
        names.append("workers/%d.pmt" % number)
        kit.write(names[-1], worker(number))
        sums(names[-1], found)
        sums(names[-1], early, until=3000)
    for operands in (names, ["workers"], ["workers/*.pmt"], names[::-1],
                     names + ["workers"]):
        head, lines = table("--by", "site", *operands)
        checks.equal(numbers(head), by(found, lambda w: 0)[0], "all")
        checks.equal({(r["file"], r["line"], r["function"]): numbers(r)
                      for r in lines}, by(found, lambda w: w[1]), "by site")
        checks.equal((head["trace"], len(head["traces"]), head["streams"]),
                     ("8 traces", 8, 8), head)
    head, lines = table("--by", "process", *names)
    want = by(found, lambda w: w[0])
    checks.equal(len(lines), 8, lines)
    for row in lines:
        pid = int(row["name"].split()[1].rstrip(":"))
        checks.equal(numbers(row), want[pid], row)
    checks.equal(head["traces"], names, head)
    for operands in (["--to", "3us"] + names,
                     [name + "@3us" for name in names], ["workers@3us"]):
        head, lines = table("--by", "site", *operands)
        checks.equal({(r["file"], r["line"], r["function"]): numbers(r)
                      for r in lines}, by(early, lambda w: w[1]), operands)
    text = top("--by", "process", *names)
    checks.equal((text.status, text.err), (0, ""), text)
    checks.true(text.lines()[0].startswith("8 traces: "), text)
    # One after the other.
    done = top("--each", "--json", *names)
    heads = [line for line in done.json() if line["row"] == "top"]
    checks.equal([(h["trace"], h["streams"]) for h in heads],
                 [(name, 1) for name in names], "--each")
    checks.true(not any("traces" in h for h in heads), "--each: traces")


# ---- what a merge says --------------------------------------------------------

WAYS = [[], ["--by", "process"], ["--by", "stream", "--show", ALL],
        ["--high-water"], ["--every", "1us"], ["--by", "site", "--to", "3us"],
        ["--kind", "call"], ["--kind", "object", "--by", "type"],
        ["--from", "1us", "--by", "thread"], ["--to", "peak"],
        ["--by", "size", "--kind", "alloc"], ["--to", "end", "--strict"]]


def shown(done, name):
    """Status, output and messages, whatever the trace is called."""
    rows = []
    for line in done.out.splitlines():
        row = json.loads(line)
        row.pop("traces", None)
        if "trace" in row:
            row["trace"] = ""
        rows.append(row)
    return done.status, rows, [line.replace(name, "X")
                               for line in done.err.splitlines()
                               if " byte " not in line]


def same_as_merge(ways, *inputs):
    done = kit.run("merge", "-q", "-f", "-o", "merged", *inputs)
    for way in ways:
        args = ["--json", "-n", "1000000"] + way
        one = shown(top(*args, "merged"), "merged")
        many = top(*args, *inputs)
        checks.equal(shown(many, "%d traces" % len(inputs))[:2], one[:2],
                     "%s (%d)" % (many, done.status))


def check_laws(count=60):
    os.mkdir("made")
    subprocess.run([kit.MAKER, "1", str(count), "made"], check=True,
                   stdout=subprocess.DEVNULL)
    paths = sorted("made/" + name for name in os.listdir("made"))
    seen = 0
    for i in range(0, len(paths) - 2, 3):
        a, b, c = paths[i:i + 3]
        ways = [WAYS[(i // 3 + k) % len(WAYS)] for k in range(3)]
        sound = all(kit.run("check", "-q", p).status == 0 for p in (a, b, c))
        seen += sound
        same_as_merge(ways if sound else [], a, b, c)
        if sound and i % 9 == 0:
            kit.run("merge", "-q", "-f", "-o", "ab", a, b)
            same_as_merge(ways, c, "ab", a)
    checks.true(seen > count // 6, "%d of the traces are sound" % seen)
    same_as_merge(WAYS + [["--to", "mark:warm"], ["--from", "mark:warm#3"],
                          ["--to", "mark:warm#8", "--by", "process"]],
                  *("workers/%d.pmt" % i for i in range(8)))


# ---- damage, pipes, limits ------------------------------------------------------

def check_damage():
    data = kit.read("workers/0.pmt")
    kit.write("cut.pmt", data[:len(data) // 2])
    done = top("cut.pmt", "workers/1.pmt")
    checks.true(done.status == 0 and "cut.pmt: truncated at byte" in done.err,
                done)
    same_as_merge([[], ["--by", "process"]], "cut.pmt", "workers/1.pmt")
    checks.equal(top("--strict", "cut.pmt", "workers/1.pmt").status, 2,
                 "--strict of a trace that was cut")
    # A damaged chunk that another has whole costs nothing; else it is told
    # where it lies.
    spoilt = bytearray(data)
    at = data.rfind(b"\x28\xb5\x2f\xfd", 0, len(data) * 2 // 3) + 20
    spoilt[at] ^= 0x40
    kit.write("bad.pmt", bytes(spoilt))
    where = kit.run("check", "bad.pmt").text()
    byte = where.split("byte ")[1].split(":")[0].split()[0]
    done = top("--json", "bad.pmt", "workers/1.pmt")
    checks.true(done.status == 1 and
                "bad.pmt: corrupt at byte %s:" % byte in done.err, done)
    whole = top("--json", "workers/0.pmt", "workers/1.pmt")
    for operands in (["bad.pmt", "workers/0.pmt", "workers/1.pmt"],
                     ["workers/1.pmt", "workers/0.pmt", "bad.pmt"]):
        done = top("--json", *operands)
        checks.equal((done.status, done.err), (0, ""), done)
        checks.equal(shown(done, "")[1], shown(whole, "")[1], operands)
    # What was filtered gives way to what was recorded.
    kit.run("filter", "-o", "few.pmt", "size > 1000", "workers/0.pmt")
    done = top("--json", "few.pmt", "workers/0.pmt", "workers/1.pmt")
    checks.true(done.status == 0 and
                "1 stream left out: there as recorded too" in done.err, done)
    checks.equal(shown(done, "")[1], shown(whole, "")[1], "filtered")
    for name, text in (("none.pmt", "none.pmt: "), ("app.py", "app.py: ")):
        kit.write("app.py", b"print(1)\n")
        done = top(name, "workers/1.pmt")
        checks.equal((done.status, done.out, len(done.err.splitlines())),
                     (2, b"", 1), done)
        checks.true(text in done.err, done)


def check_pipes():
    names = ["workers/%d.pmt" % i for i in range(3)]
    want = shown(top("--json", "--by", "process", *names), "")[1]
    done = top("--json", "--by", "process", names[0], "-", names[2],
               data=kit.read(names[1]))
    checks.equal(shown(done, "")[:2], (0, want), done)
    checks.equal(done.json()[0]["traces"],
                 [names[0], "standard input", names[2]], "a pipe's name")
    read = subprocess.run("'%s' merge -o - %s | '%s' top --json --by process -"
                          % (kit.PMT, " ".join(names), kit.PMT), shell=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    rows = [json.loads(line) for line in read.stdout.splitlines()]
    rows[0]["trace"] = ""
    checks.equal(rows, want, "merge -o - | top -: %s" % read.stderr)


def check_moments():
    done = top("workers/0.pmt@1us", "workers/1.pmt@2us")
    checks.equal((done.status, done.out), (2, b""), done)
    checks.true("--each" in done.err, done)
    done = top("workers/0.pmt@wall:1000000000.5", "workers/0.pmt@wall:2000000000")
    checks.equal((done.status, done.out), (2, b""), done)
    done = top("--each", "--json", "workers/0.pmt@wall:1000000000.5",
               "workers/0.pmt@wall:2000000000")
    checks.equal(sum(line["row"] == "top" for line in done.json()), 2, done)


def check_many(count=400):
    """With few descriptors, and memory that does not grow with the traces."""
    os.mkdir("many")
    for number in range(count):
        kit.write("many/%03d.pmt" % number, worker(number, 30, 3))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, limits[1]))
    head, lines = table("--by", "process", "--to", "mark:warm#9", "many")
    checks.equal((head["trace"], head["moment"]), ("400 traces", "mark"),
                 head["streams"])
    head, lines = table("--by", "process", "many")
    checks.equal(len(lines), count, head)
    done = top("many")
    checks.true(done.rss_bytes < 64 << 20 or kit.sanitized(), done.rss_bytes)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


os.mkdir("workers")
check_many()
check_sums()
if os.path.exists(kit.MAKER):
    check_laws()
check_damage()
check_pipes()
check_moments()
checks.finish()
