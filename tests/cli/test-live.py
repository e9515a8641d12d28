#!/usr/bin/env python3
"""pmt live: at any moment of each vector, what it counts equals what a plain
dictionary holds that is filled from the vector's lines by the rules of spec
8.3; and so for a fresh recording, from the lines of spec/decode.py."""

import collections
import json
import subprocess

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()

ACQUIRE = ("malloc", "calloc", "realloc")


class Set:
    """The live set of one stream and kind."""

    def __init__(self, infer):
        self.infer = infer
        self.live = {}          # address: (bytes, line)
        self.open = {}          # thread: (address, what was there or None)
        self.count = collections.Counter()
        self.bytes = 0
        self.peak = (0, 0, 0)   # bytes, count, time
        self.states = []

    def put(self, line, size):
        if line["address"] in self.live:
            self.count["inferred" if self.infer else "unseen"] += 1
            self.drop(line["address"])
        self.live[line["address"]] = (size, line)
        self.bytes += size

    def drop(self, address):
        gone = self.live.pop(address, None)
        if gone:
            self.bytes -= gone[0]
        return gone

    def alloc(self, line):
        op, address, thread = line["op"], line["address"], line["thread"]
        if op in ACQUIRE:
            was_open = thread in self.open
            if op == "realloc":
                self.open.pop(thread, None)
            self.count["resized" if op == "realloc" and was_open
                       else "created"] += 1
            self.put(line, line["size"])
        elif op == "realloc_undo":
            self.count["resizes_failed"] += 1
            was, gone = self.open.pop(thread, (None, None))
            if was == address and gone:
                self.put(dict(gone[1]), gone[0])
            elif was == address:
                self.count["unknown"] -= 1
        else:
            gone = self.drop(address)
            if op == "realloc_free":
                self.open[thread] = (address, gone)
            elif gone:
                self.count["destroyed"] += 1
            if not gone:
                self.count["unknown"] += 1

    def object(self, line, size):
        if line["op"] == "create":
            self.count["created"] += 1
            self.put(line, size)
        elif self.drop(line["address"]):
            self.count["destroyed"] += 1
        else:
            self.count["unknown"] += 1

    def state(self, line, size):
        """One line of a live set in the trace: part 0 begins a new one."""
        at = (line["time_ns"], line["part"])
        if line["part"] == 0 and (not self.states or self.states[-1] != at):
            self.live, self.bytes = {}, 0
        self.states.append(at)
        self.drop(line["address"])
        self.live[line["address"]] = (size, line)
        self.bytes += size

    def note_peak(self, kind, time):
        now = (self.bytes, len(self.live), time)
        if now[kind == "object"] > self.peak[kind == "object"]:
            self.peak = now


class Model:
    """All sets of a trace at a moment: a time in ns, or `steps` by set."""

    def __init__(self, lines, until=None):
        self.sets, self.tables, self.seen = {}, {}, set()
        parts = kit.Parts()
        for line in lines:
            if parts.begins(line):
                self.begin(line["stream"], line["hooks"] or [])
            elif line.get("kind") in ("stack", "code", "type", "thread"):
                self.table(line, line["kind"])[line["id"]] = line
            elif line.get("kind") in ("alloc", "object", "live"):
                self.record(line, until)

    def begin(self, stream, hooks):
        for kind in ("alloc", "object"):
            self.sets[stream, kind] = Set(
                kind == "object" and "object:destroy-unreliable" in hooks)
        for table in ("stack", "code", "type", "thread"):
            self.tables[stream, table] = {}

    def table(self, line, name):
        return self.tables.setdefault((line["stream"], name), {})

    def record(self, line, until):
        kind = line["kind"]
        if kind == "live":
            kind = {13: "alloc", 12: "object"}.get(line["of"])
            if kind is None:
                return
        if (line["stream"], kind) not in self.sets:
            self.begin(line["stream"], [])
        if until is None or line["time_ns"] <= until:
            self.take(line, kind, self.sets[line["stream"], kind])

    def take(self, line, kind, found):
        self.seen.add((line["stream"], kind))
        size = line.get("size")
        if size is None and kind == "object":
            entry = self.table(line, "type").get(line.get("type", 0))
            size = entry["basic_size"] if entry else 0
        if line["kind"] == "live":
            found.state(line, size or 0)
        elif kind == "alloc":
            found.alloc(line)
        else:
            found.object(line, size)
        found.note_peak(kind, line["time_ns"])

    def key(self, by, stream, line):
        stack = self.tables[stream, "stack"].get(line["stack"])
        code = stack and self.tables[stream, "code"].get(stack["code"])
        file = code["file"] if code else None
        function = code["function"] if code else None
        if by == "site":
            return file, stack["line"] if stack else 0, function
        if by == "file":
            return file
        if by == "function":
            return file, function
        if by == "stack":
            return self.frames(stream, stack)
        if by == "type":
            entry = self.tables[stream, "type"].get(line.get("type", 0), {})
            return (entry.get("name"), entry.get("basic_size", 0),
                    entry.get("item_size", 0))
        if by == "thread":
            entry = self.tables[stream, "thread"].get(line.get("thread"), {})
            return entry.get("name"), entry.get("native_id", 0)
        if by == "domain":
            return line.get("domain", "raw")
        return stream

    def frames(self, stream, stack):
        frames = []
        while stack:
            code = self.tables[stream, "code"].get(stack["code"])
            frames.append((code and code["file"], stack["line"],
                           code and code["function"]))
            stack = self.tables[stream, "stack"].get(stack["parent"])
        return tuple(frames)

    def groups(self, kind, by):
        groups = collections.Counter()
        for (stream, of), found in self.sets.items():
            for size, line in found.live.values() if of == kind else ():
                groups[self.key(by, stream, line)] += 1
                groups[self.key(by, stream, line), "bytes"] += size
        return {k: v for k, v in groups.items() if v}

    def of(self, kind):
        return [s for (stream, of), s in self.sets.items()
                if of == kind and (stream, of) in self.seen]


def key_of(by, row):
    if by == "stack":
        return tuple((f["file"], f["line"], f["function"])
                     for f in row["stack"])
    names = {"site": ("file", "line", "function"), "file": ("file",),
             "function": ("file", "function"), "domain": ("domain",),
             "type": ("type", "basic_size", "item_size"),
             "thread": ("thread", "native_id"), "stream": ("stream",)}[by]
    key = tuple(row[name] for name in names)
    return key if len(key) > 1 else key[0]


def groups_of(by, rows):
    groups = collections.Counter()
    for row in rows:
        groups[key_of(by, row)] += row["count"]
        groups[key_of(by, row), "bytes"] += row["bytes"]
    return {k: v for k, v in groups.items() if v}


def check_head(what, head, sets):
    for name in ("created", "destroyed", "resized", "resizes_failed",
                 "unseen", "inferred"):
        checks.equal(head[name], sum(s.count[name] for s in sets),
                     what + ": " + name)
    checks.equal(head["unknown_before_loss"] + head["unknown_after_loss"],
                 sum(s.count["unknown"] for s in sets), what + ": unknown")
    checks.equal(head["count"], sum(len(s.live) for s in sets),
                 what + ": count")
    checks.equal(head["bytes"], sum(s.bytes for s in sets), what + ": bytes")
    checks.equal(head["peak_count"], sum(s.peak[1] for s in sets),
                 what + ": blocks at the peak")
    checks.equal(head["peak_bytes"], sum(s.peak[0] for s in sets),
                 what + ": bytes at the peak")


BY = {"alloc": ("site", "file", "function", "stack", "thread", "domain",
                "stream"),
      "object": ("type", "site", "file", "function", "stack", "thread",
                 "stream")}


def check_moment(path, name, lines, kind, moment, until, status=0):
    """One kind at one moment, by every key."""
    model = Model(lines, until)
    for by in BY[kind] if until is None else BY[kind][:1]:
        what = "%s%s --by %s --kind %s" % (name, moment, by, kind)
        done = kit.run("live", "--json", "--top", "1000000", "--by", by,
                       "--kind", kind, path + moment)
        rows = done.json()
        if not model.of(kind):
            # "snapshot" rows may stand in for blocks that are not there.
            checks.true(rows[0]["kind"] == "snapshot" if rows else
                        done.status == max(status, 1) and " no " in done.err,
                        done)
            continue
        checks.equal(done.status, status, done)
        check_head(what, rows[0], model.of(kind))
        checks.equal(groups_of(by, rows[1:]), model.groups(kind, by), what)


def check_peak(path, name, lines, kind):
    """The first moment of the most: its numbers, and the set of that time
    when no record of it follows."""
    sets = Model(lines).of(kind)
    if not sets:
        return
    done = kit.run("live", "--json", "--kind", kind, path + "@peak")
    head = done.json()[0]
    peak = (sum(s.peak[0] for s in sets), sum(s.peak[1] for s in sets))
    checks.equal((head["bytes"], head["count"]), peak,
                 "%s@peak --kind %s" % (name, kind))
    if len(sets) == 1 and peak != (0, 0):
        checks.equal(head["time_ns"], sets[0].peak[2], name + "@peak: time")


def check_trace(path, name, lines, status):
    for kind in ("alloc", "object"):
        times = sorted({line["time_ns"] for line in lines
                        if line.get("kind") in (kind, "live")})
        if not times:
            continue
        check_moment(path, name, lines, kind, "", None, status)
        for ns in times[::len(times) // 7 + 1]:
            check_moment(path, name, lines, kind, "@%dns" % ns, ns, status)
        check_peak(path, name, lines, kind)


# Vectors whose lines don't show all there is (an empty live set has none), and
# those with sums of sizes or numbers of lines that C has no room for.
UNLIKE = {"valid/count-0", "valid/addresses", "valid/ids"}


def check_vectors():
    for vector in kit.common.vectors("valid"):
        if vector.text is None or vector.name in UNLIKE:
            continue
        lines = [json.loads(line) for line in vector.text.splitlines()]
        check_trace(vector.path, vector.name, lines, vector.expect["exit"])


PROGRAM = """
import json, pmtrace, re, threading

class Point:
    __slots__ = ("x", "y")
    def __init__(self, x):
        self.x, self.y = x, [x] * (x % 7)

def work(n):
    return [Point(i) for i in range(n)], json.loads(json.dumps(list(range(n))))

with pmtrace.Recorder("fresh.pmt", mode="alloc", frames=4) as recorder:
    kept = [work(50)]
    recorder.mark("warm")
    threads = [threading.Thread(target=work, args=(200,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.append(work(100))
    recorder.mark("warm")
    recorder.mark("day #2")
    del kept[0]
"""


def check_fresh():
    """A real program; the lines are those of the independent reader."""
    kit.write("program.py", PROGRAM.encode())
    done = subprocess.run([kit.PYTHON, "program.py"], env=kit.python_env(),
                          stderr=subprocess.PIPE, check=False)
    checks.equal(done.returncode, 0, done.stderr.decode())
    status, out, _ = kit.common.decode(kit.common.load("decode"),
                                       kit.read("fresh.pmt"), "fresh.pmt")
    checks.equal(status, 0, "decode.py")
    lines = [json.loads(line) for line in out.splitlines()]
    check_trace("fresh.pmt", "fresh.pmt", lines, 0)
    marks = [line for line in lines if line.get("kind") == "mark"]
    checks.equal([mark["text"] for mark in marks], ["warm", "warm", "day #2"],
                 "marks")
    for number, mark in enumerate(marks[:2], 1):
        check_moment("fresh.pmt", "fresh.pmt", lines, "alloc",
                     "@mark:warm#%d" % number, mark["time_ns"])
    return lines


def check_command(fresh):
    """What only the command does."""
    vector = [v for v in kit.common.vectors("valid")
              if v.name == "valid/every-kind"][0]
    done = kit.run("live", "--by", "domain", "--kind", "object", vector.path)
    checks.true(done.status == 2 and "--by domain is not for" in done.err,
                done)
    done = kit.run("live", "--", "-@peak", data=vector.data())
    checks.equal((done.status, done.out.replace(b"standard input", b"FILE")),
                 (0, kit.run("live", vector.path + "@peak").out.replace(
                     vector.path.encode(), b"FILE")), done)
    done = kit.run("live", "-", data=vector.data())
    checks.true(done.status == 0 and done.out.startswith(b"standard input: "),
                done)
    done = kit.run("live", vector.path + "@mark:no such")
    checks.true(done.status == 2 and "no such" in done.err, done)
    for name, hint in (
            ("wram", 'did you mean "warm"?'), ("some other",
             "pmt dump --kind mark prints those there are")):
        done = kit.run("live", "fresh.pmt@mark:" + name)
        checks.equal((done.status, done.err), (
            2, 'pmt-live: fresh.pmt: no mark "%s" (%s)\n' % (name, hint)), done)
    done = kit.run("live", "fresh.pmt@mark:day #2#1")
    checks.true(done.status == 0 and b'mark "day #2"' in done.out, done)
    done = kit.run("live", "fresh.pmt@mark:day #2")
    checks.equal((done.status, done.err), (2,
                 'pmt-live: fresh.pmt: no mark "day " number 2 '
                 '(mark:day #2#1 is the first "day #2")\n'), done)
    done = kit.run("live", "fresh.pmt@0s")
    checks.equal((done.status, done.out, done.err), (1, b"",
                 "pmt-live: fresh.pmt: no alloc, object or snapshot records "
                 "up to that moment\n"), done)
    last = max(line["time_ns"] for line in fresh if "time_ns" in line)
    done = kit.run("live", "fresh.pmt@99999s").text()
    checks.true(" live at the end (%d.%06d s)\n"
                % divmod(last // 1000, 10 ** 6) in done, done)
    both = kit.run("live", "--top", "1", vector.path).text()
    checks.true("blocks  bytes" in both and "objects  bytes" in both and
                "(1 other)" in both and "(all)" in both, both)
    cut = kit.write("cut.pmt", vector.data()[:-1])
    checks.equal(kit.run("live", cut).status, 0, "cut")
    checks.equal(kit.run("live", "--strict", cut).status, 2, "cut --strict")
    done = kit.run("live", kit.write("text", b"not a trace\n"))
    checks.true(done.status == 2 and "not a trace" in done.err, done)
    checks.equal(done.err.count("\n"), 1, done)
    done = kit.run("live", vector.path, stdout=open("/dev/full", "wb"))
    checks.equal(done.status, 2, done)


def check_heads():
    """What is said of the moment of several streams, of which one tells where
    its interpreter began to end."""
    g, both = kit.generator(), b""
    for seed, hooks, marks in ((1, [], []), (2, ["exit"], ["pmtrace: exit"])):
        trace = g.Trace()
        stream = g.Stream(trace, seed, tick_ns=1000)
        stream.open(more={"hooks": ["alloc:raw"] + hooks})
        stream.alloc([{"t": 1000 * t, "op": "malloc", "address": 4096 * t,
                       "size": 10, "stack": 0, "domain": "raw"}
                      for t in (1, 3)])
        if marks:
            stream.mark([{"t": 2000, "text": text} for text in marks])
        stream.end(t=5000)
        both += bytes(trace.data)
    kit.write("heads.pmt", both)
    for command, moment, want in (
            ("live", "", "3 blocks, 30 bytes live in 2 streams at the end "
             "(0.005000 s), or of 1 of them where the interpreter began to "
             "end"),
            ("live", "@peak", "4 blocks, 40 bytes live in 2 streams each at "
             "its own peak"),
            ("top", "", "3 blocks, 30 bytes live in 2 streams at the end "
             "(0.005000 s), or of 1 of them where the interpreter began to "
             "end")):
        done = kit.run(command, "heads.pmt" + moment)
        checks.equal(done.lines()[0], "heads.pmt: " + want, done)


check_vectors()
check_command(check_fresh())
check_heads()
checks.finish()
