#!/usr/bin/env python3
"""Laws of pmt filter, on random traces (tests/unit/trace-maker.h).

filter(f, filter(g, x)) = filter(f and g, x), record by record and mostly byte
by byte; what filter keeps of x, and what is live in the result at any moment
of its window, is what a naive evaluation in Python keeps of the lines of
`pmt dump --json x` (which test-spec-vectors.py compares with spec/decode.py).
Every fifth result is read by spec/decode.py too, and `pmt check` finds all of
them sound.

PMT_FILTER_SEEDS: how many traces (40).
"""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402

MAKER = os.path.join(os.environ["PMT_BUILD"], "tests", "unit",
                     "test-trace-maker")
SEEDS = int(os.environ.get("PMT_FILTER_SEEDS", "40"))
FIRST = int(os.environ.get("PMT_FILTER_FIRST", "0"))
RECORDS = set(kit.RECORDS) - {"live", "loss"}
ACQUIRES = ("malloc", "calloc", "realloc", "create")
TICKS_NS = 2000         # a multiple of all that traces are made with
failures = []


# ---- the naive reader ------------------------------------------------------

class Tables:
    def __init__(self):
        self.of = {}

    def take(self, line):
        self.of.setdefault(line["kind"], {})[line["id"]] = line

    def get(self, kind, ident):
        return self.of.get(kind, {}).get(ident)

    def frames(self, stack):
        while stack:
            site = self.get("stack", stack)
            if site is None:
                return
            yield site, self.get("code", site["code"])
            stack = site["parent"]


def subject(line, tables):
    """What a test can ask of a record or a block."""
    found = {"kind": line["kind"]}
    thread = tables.get("thread", line.get("thread"))
    if thread:
        found["thread"] = thread["name"] or "thread %d" % thread["native_id"]
    stack = line.get("stack")
    if "class" in line:
        stack = (tables.get("class", line["class"]) or {}).get("stack")
    frames = list(tables.frames(stack))
    if frames and frames[0][1]:
        found["file"] = frames[0][1]["file"]
        found["function"] = frames[0][1]["function"]
    found["stack"] = [text for _, code in frames if code
                      for text in (code["file"], code["function"])]
    if line["kind"] in ("object", "snapshot") and line.get("type"):
        kind = tables.get("type", line["type"])
        if kind:
            found["type"] = kind["name"]
    if line["kind"] == "object":
        kind = tables.get("type", line["type"])
        found["size"] = kind["basic_size"] if kind else 0
    elif line["kind"] == "alloc":
        found["size"] = line["size"] or 0
        found["domain"] = line.get("domain", "raw")
    elif line["kind"] == "snapshot":
        found["domain"] = line.get("domain")
    if line["kind"] == "mark":
        found["text"] = line["text"]
    return found


class Stream:
    def __init__(self, line):
        self.line = line
        self.tables = Tables()
        self.live = {"alloc": {}, "object": {}}
        self.pending = {}       # by thread: address and block
        self.kept = {"alloc": {}, "object": {}}
        self.opened = set()


# ---- expressions: (text, function of a subject, fields of blocks) ------------

def is_(field, value):
    return ("%s == %s" % (field, value), lambda s: s.get(field) == value)


TESTS = [
    is_("kind", "alloc"), is_("kind", "object"), is_("kind", "mark"),
    is_("kind", "call"), is_("kind", "snapshot"),
    is_("type", "dict"), is_("type", "app.Point"),
    is_("function", "handler"), is_("function", "main"),
    is_("file", "lib/util.py"), is_("thread", "worker-1"),
    is_("domain", "obj"), is_("text", "warm"),
    ("type == app.*", lambda s: (s.get("type") or "").startswith("app.")),
    ("file == app/*", lambda s: (s.get("file") or "").startswith("app/")),
    ("file != lib/util.py",
     lambda s: s.get("file") not in (None, "lib/util.py")),
    ("thread == thread*",
     lambda s: (s.get("thread") or "").startswith("thread")),
    ("size > 300", lambda s: s.get("size") is not None and s["size"] > 300),
    ("size <= 96", lambda s: s.get("size") is not None and s["size"] <= 96),
    ("size < 1k", lambda s: s.get("size") is not None and s["size"] < 1024),
    ("stack contains load", lambda s: "load" in s["stack"]),
    ("stack contains \"app/c*\"",
     lambda s: any((t or "").startswith("app/c") for t in s["stack"])),
]
FIELDS = ("thread", "type", "file", "function", "size", "domain", "text",
          "stack")


def pick(rng, depth=0):
    """(text, function)"""
    choice = rng.random()
    if depth > 2 or choice < 0.45:
        return rng.choice(TESTS)
    if choice < 0.6:
        text, holds = pick(rng, depth + 1)
        return "not (%s)" % text, lambda s: not holds(s)
    a, b = pick(rng, depth + 1), pick(rng, depth + 1)
    if choice < 0.8:
        return ("(%s) and (%s)" % (a[0], b[0]),
                lambda s: a[1](s) and b[1](s))
    return "(%s) or (%s)" % (a[0], b[0]), lambda s: a[1](s) or b[1](s)


# ---- what is live ----------------------------------------------------------

def plain(line):
    """A record without what filter may change: its number."""
    return json.dumps({k: v for k, v in line.items() if k != "ordinal"},
                      sort_keys=True)


def follow(lines, until=None):
    """{stream: {kind: {address: (size, stack, thread, type)}}} at the end."""
    streams = {}
    for line in lines:
        kind = line["kind"]
        if kind == "stream":
            old = streams.get(line["stream"])
            if old is None or line["part"] <= old.line["part"]:
                streams[line["stream"]] = Stream(line)
            else:
                old.line = line
        if "stream" not in line:
            continue
        s = streams[line["stream"]]
        if kind in kit.TABLES:
            s.tables.take(line)
        if until is not None and line.get("time_ns", 0) > until:
            continue
        if kind == "live":
            which = {12: "object", 13: "alloc"}[line["of"]]
            key = (which, line["time_ns"])
            if key not in s.opened:
                s.opened.add(key)
                s.live[which] = {}
            of = dict(line, kind=which, size=line.get("size", 0),
                      type=line.get("type", 0))
            s.live[which][line["address"]] = what(of, s)
        elif kind in ("alloc", "object"):
            step(s, line)
    return {(key, kind): blocks for key, s in streams.items()
            for kind, blocks in s.live.items() if blocks}


def what(line, s):
    size = line["size"] if line["kind"] == "alloc" else \
        (s.tables.get("type", line["type"]) or {}).get("basic_size")
    return (size, line["stack"], line.get("thread", 0), line.get("type", 0),
            line.get("domain", "raw") if line["kind"] == "alloc" else None)


def step(s, line):
    """One record of a block."""
    live, op = s.live[line["kind"]], line["op"]
    thread, address = line.get("thread", 0), line["address"]
    if op in ("free", "destroy"):
        live.pop(address, None)
    elif op == "realloc_free":
        s.pending[thread] = (address, live.pop(address, None))
    elif op == "realloc_undo":
        at, block = s.pending.pop(thread, (None, None))
        if at == address and block is not None:
            live[address] = block
    else:
        if op == "realloc":
            s.pending.pop(thread, None)
        live[address] = what(line, s)


# ---- what is kept ------------------------------------------------------------

def naive(lines, holds, text, low, high):
    """Records that are kept, by stream and kind, without carried live sets."""
    streams, kept = {}, []
    asks = {k: depends(text, k) for k in ("alloc", "object")}
    for line in lines:
        kind = line["kind"]
        if kind == "stream":
            old = streams.get(line["stream"])
            if old is None or line["part"] <= old.line["part"]:
                streams[line["stream"]] = Stream(line)
            else:
                old.line = line
        if "stream" not in line:
            continue
        s = streams[line["stream"]]
        if kind in kit.TABLES:
            s.tables.take(line)
        if kind == "live":
            which = {12: "object", 13: "alloc"}[line["of"]]
            key = (which, line["time_ns"])
            if key not in s.opened:
                s.opened.add(key)
                s.kept[which] = {}
            of = dict(line, kind=which, size=line.get("size", 0),
                      type=line.get("type", 0))
            if holds(subject(of, s.tables)):
                s.kept[which][line["address"]] = True
            continue
        if kind not in RECORDS:
            continue
        inside = low <= line["time_ns"] <= high
        if kind in ("alloc", "object"):
            keep = keep_block(s, line, holds, asks[kind])
        else:
            keep = holds(subject(line, s.tables))
        if keep and inside:
            kept.append(dict(line, op="PUT IN") if keep == "release" else line)
    return kept


def keep_block(s, line, holds, asks):
    live, op = s.kept[line["kind"]], line["op"]
    thread, address = line.get("thread", 0), line["address"]
    if op in ("free", "destroy"):
        return live.pop(address, None) is not None or not asks
    if op == "realloc_free":
        was = live.pop(address, None)
        s.pending[thread] = (address, was)
        return was is not None or not asks
    if op == "realloc_undo":
        at, was = s.pending.pop(thread, (None, None))
        if at == address and was:
            live[address] = True
            return True
        return not asks
    if op == "realloc":
        s.pending.pop(thread, None)
    was = live.pop(address, None)
    if holds(subject(line, s.tables)):
        live[address] = True
        return True
    return "release" if was else False


def depends(text, kind):
    """Does the filter ask about blocks of this kind? Told by pmt itself: a
    release of an unknown block is kept only if it does not."""
    return text[kind]


# ---- the test ----------------------------------------------------------------

def filtered(path, out, *args):
    done = kit.run("filter", "-f", "-o", out, *(list(args) + [path]))
    if done.status not in (0, 1) or not os.path.exists(out):
        failures.append("%s: %s" % (args, done))
        return None
    return out


def dump(path):
    done = kit.run("dump", "--json", path)
    return [json.loads(line) for line in done.out.decode().splitlines()[1:]]


def records(lines):
    return [line for line in lines if line["kind"] in RECORDS]


def sound(path, seed, decode):
    done = kit.run("check", path)
    bad = [line for line in (done.text() + done.err).splitlines()
           if any(word in line for word in (
               "inconsistent", "damaged", "corrupt", "missing", "unstated"))
           and "0 corrupt" not in line]
    if bad:
        failures.append("%d: check: %s" % (seed, bad[:3]))
    if decode and os.environ.get("PMT_CBOR_PYTHON"):
        ran = subprocess.run(
            [os.environ["PMT_CBOR_PYTHON"],
             os.path.join(os.environ["PMT_SOURCE"], "spec", "decode.py"),
             path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ran.returncode or ran.stdout != kit.run("dump", "--json", path).out:
            failures.append("%d: decode.py differs: %s" % (seed, ran.stderr))


def content(path):
    """Bytes without the headers' list and table chunks: for a count."""
    with open(path, "rb") as file:
        return file.read()


def compare(seed, what_, a, b):
    if [plain(x) for x in a] != [plain(x) for x in b]:
        for x, y in zip(a, b):
            if plain(x) != plain(y):
                break
        failures.append("%d: %s: %d records, %d expected, first %s / %s"
                        % (seed, what_, len(a), len(b), x if a else None,
                           y if b else None))


def one(seed, folder):
    rng = random.Random(seed)
    path = os.path.join(folder, "%d.pmt" % seed)
    out = [os.path.join(folder, name) for name in ("a", "b", "c", "w")]
    f, g = pick(rng), pick(rng)
    lines = dump(path)
    times = sorted({x["time_ns"] for x in lines if "time_ns" in x}) or [0]
    low, high = sorted(rng.choices(times, k=2))
    # Of all ticks there are a whole number in each.
    low, high = (x // TICKS_NS * TICKS_NS for x in (low, high))
    if rng.random() < 0.3:
        low = 0
    window = ["--from", "%dns" % low, "--to", "%dns" % high]
    in_g = window if rng.random() < 0.5 else []
    in_f = window if not in_g else []
    if not filtered(path, out[0], g[0], *in_g) or \
            not filtered(out[0], out[1], f[0], *in_f) or \
            not filtered(path, out[2], f[0], g[0], *window):
        return False
    sound(out[2], seed, seed % 5 == 0)
    sound(out[1], seed, False)
    twice, once = dump(out[1]), dump(out[2])
    what_ = "%s | %s | %s" % (f[0], g[0], window)
    compare(seed, "two filters: " + what_, records(twice), records(once))
    both = follow(once)
    if follow(twice) != both:
        failures.append("%d: two filters: live differs: %s" % (seed, what_))

    def holds(s):
        return bool(f[1](s) and g[1](s))
    # What is live in the window.
    for moment in (low, (low + high) // 2 // TICKS_NS * TICKS_NS, high):
        expected = live_where(lines, holds, moment)
        got = follow(once, moment)
        if moment >= low and got != expected:
            failures.append("%d: live at %d: %s: %r, %r expected"
                            % (seed, moment, what_, diff(got, expected),
                               diff(expected, got)))
            break
    # What is kept, where no window cuts: releases put in aside.
    text = {k: bool(asks(f[0] + " " + g[0])) for k in ("alloc", "object")}
    if all(text.values()):
        kept = naive(lines, holds, text, low, high)
        mine = [dict(x, op="any") if x.get("op") in (
            "free", "destroy", "malloc", "realloc_undo") else x
                for x in records(once)]
        theirs = [x for x in kept if x.get("op") != "PUT IN"]
        if len([x for x in kept if x.get("op") == "PUT IN"]) == 0 and \
                len(mine) != len(theirs):
            failures.append("%d: kept %d, expected %d: %s"
                            % (seed, len(mine), len(theirs), what_))
    same = content(out[1]) == content(out[2])
    for name in out:
        if os.path.exists(name):
            os.unlink(name)
    return same


def diff(a, b):
    return {k: [x for x in v.items() if b.get(k, {}).get(x[0]) != x[1]][:3]
            for k, v in a.items() if b.get(k) != v}


def asks(text):
    return any(field + " " in text for field in FIELDS)


def live_where(lines, holds, moment):
    """Live at a moment in the whole trace, of those for which it holds."""
    streams = {}
    for line in lines:
        if line["kind"] == "stream" or line["kind"] in kit.TABLES:
            s = streams.setdefault(line["stream"], Stream(line))
            if line["kind"] in kit.TABLES:
                s.tables.take(line)
    found = {}
    for (key, kind), blocks in follow(lines, moment).items():
        s = streams[key]
        for address, block in blocks.items():
            line = {"kind": kind, "size": block[0], "stack": block[1],
                    "thread": block[2], "type": block[3],
                    "domain": block[4]}
            if holds(subject(line, s.tables)):
                found.setdefault((key, kind), {})[address] = block
    return found


def main():
    if not os.path.exists(MAKER):
        print("test-trace-maker is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([MAKER, str(FIRST), str(SEEDS), folder], check=True)
        same = sum(bool(one(seed, folder))
                   for seed in range(FIRST, FIRST + SEEDS)
                   if len(failures) < 5)
    print("%d traces, %d of the pairs byte for byte" % (SEEDS, same))
    for failure in failures[:5]:
        print(failure)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
