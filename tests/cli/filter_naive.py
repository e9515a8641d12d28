"""What pmt filter must keep, worked out naively from the lines of
`pmt dump --json` (which test-spec-vectors.py compares with spec/decode.py).

An expression is a Test, or ("not", x), ("and", x, y), ("or", x, y).
"""
import fnmatch
import json

import kit

RECORDS = set(kit.RECORDS) - {"live", "loss"}
BLOCKS = ("alloc", "object")
LIVE_OF = {12: "object", 13: "alloc"}
FOREVER = float("inf")
# The module of each file that tests/unit/trace-maker.c names.
MODULES = {"app/main.py": "main", "app/cache.py": "cache",
           "lib/util.py": "util", "app/caf\xe9.py": "caf\xe9",
           "/usr/lib/python3/json/decoder.py": "json.decoder"}
SITES = {"call", "line", "object", "alloc", "snapshot"}
KINDS_WITH = {
    "thread": {"call", "line", "object", "alloc", "sample", "heap", "mark",
               "gc"},
    "type": {"object", "snapshot"},
    "file": SITES, "function": SITES, "module": SITES, "line": SITES,
    "frames": SITES, "label": SITES, "cfunction": {"call"},
    "size": set(BLOCKS), "lived": set(BLOCKS), "alive": set(BLOCKS),
    "domain": {"alloc", "snapshot"}, "text": {"mark", "snapshot"},
}


class Tables:
    def __init__(self):
        self.of = {}

    def take(self, line):
        self.of.setdefault(line["kind"], {})[line["id"]] = line

    def get(self, kind, ident):
        return self.of.get(kind, {}).get(ident) or {}

    def frames(self, stack):
        while stack:
            site = self.get("stack", stack)
            if not site:
                return
            yield site, self.get("code", site["code"])
            stack = site["parent"]


class Stream:
    def __init__(self, line):
        self.line = line
        self.tables = Tables()
        self.live = {"alloc": {}, "object": {}}   # by address
        self.kept = {"alloc": {}, "object": {}}
        self.pending = {}       # by thread
        self.opened = set()     # live sets whose first row was met


def streams_of(lines):
    """Each line with its stream, whose tables are those so far."""
    streams = {}
    for line in lines:
        if line["kind"] == "stream":
            old = streams.get(line["stream"])
            if old is None or line["part"] <= old.line["part"]:
                streams[line["stream"]] = Stream(line)
            else:
                old.line = line
        s = streams.get(line.get("stream"))
        if s and line["kind"] in kit.TABLES:
            s.tables.take(line)
        if s:
            yield line, s


def begins_set(line, s):
    """Is this the first row of a live set? (Then all before it is replaced.)"""
    key = (line["of"], line["time_ns"])
    new = key not in s.opened
    s.opened.add(key)
    return new


# ---- subjects ----------------------------------------------------------------

def subject(line, s):
    """What a test can ask of a record or of the block that it is about."""
    tables, kind = s.tables, line["kind"]
    if kind == "live":
        kind = LIVE_OF[line["of"]]
    found = {"kind": kind, "pid": s.line["pid"], "stream": s.line["stream"],
             "process": " ".join(s.line["argv"] or [])}
    thread = tables.get("thread", line.get("thread"))
    if thread:
        found["thread"] = thread["name"] or "thread %d" % thread["native_id"]
    class_ = tables.get("class", line.get("class"))
    frames = list(tables.frames(class_.get("stack") or line.get("stack")))
    if frames:
        found["line"] = frames[0][0]["line"]
        found["file"] = frames[0][1]["file"]
        found["function"] = frames[0][1]["function"]
        found["module"] = MODULES.get(found["file"])
        if frames[-1][1]["file"] == "<label>":
            found["label"] = frames[-1][1]["function"]
        found["frames"] = [text for site, code in frames for text in (
            code["file"], code["function"], "%s:%d %s" % (
                code["file"], site["line"], code["function"]))]
    c = tables.get("cfunction", class_.get("cfunction"))
    if c:
        found["cfunction"] = [c["name"], c["module"] + "." + c["name"]]
    type_ = tables.get("type", line.get("type"))
    if type_ and kind in KINDS_WITH["type"]:
        found["type"] = type_["name"]
    if kind == "object":
        found["size"] = type_.get("basic_size", 0)
    elif kind == "alloc":
        found["size"] = line["size"] or 0
    if kind in KINDS_WITH["domain"]:
        found["domain"] = line.get("domain", "raw" if kind == "alloc" else None)
    if kind == "mark":
        found["text"] = line["text"]
    elif kind == "snapshot":
        found["text"] = line["name"]
    elif kind in ("sample", "heap") and line.get("pid"):
        found["pid"] = line["pid"]
    return found


# ---- expressions -------------------------------------------------------------

class Test:
    """`text` for pmt; `says` of the value of `field`, which is there."""

    def __init__(self, text, field, says):
        self.text, self.field, self.says = text, field, says

    def holds(self, subject_):
        value = subject_.get(self.field)
        return value is not None and self.says(value)


def is_(field, value):
    return Test("%s == %s" % (field, value), field, lambda v: v == value)


def like(field, glob):
    return Test("%s == %s" % (field, glob), field,
                lambda v: fnmatch.fnmatchcase(v, glob))


def text_of(x):
    if isinstance(x, Test):
        return x.text
    if x[0] == "not":
        return "not (%s)" % text_of(x[1])
    return "(%s) %s (%s)" % (text_of(x[1]), x[0], text_of(x[2]))


def holds(x, subject_):
    if isinstance(x, Test):
        return x.holds(subject_)
    if x[0] == "not":
        return not holds(x[1], subject_)
    left, right = holds(x[1], subject_), holds(x[2], subject_)
    return left and right if x[0] == "and" else left or right


def certain(x, kind, s):
    """0: no record of the kind is kept, 2: all are, 1: it depends."""
    if isinstance(x, Test):
        if x.field in ("kind", "stream", "process") or (
                x.field == "pid" and kind in BLOCKS):
            return 2 * x.holds(subject({"kind": kind, "size": 0}, s))
        return int(kind in KINDS_WITH.get(x.field, ()))
    if x[0] == "not":
        return 2 - certain(x[1], kind, s)
    pair = certain(x[1], kind, s), certain(x[2], kind, s)
    return min(pair) if x[0] == "and" else max(pair)


def fields(x):
    return {x.field} if isinstance(x, Test) else \
        set().union(*(fields(part) for part in x[1:]))


# ---- blocks ------------------------------------------------------------------

class Block:
    def __init__(self, line, s, born, present):
        self.line = line
        self.subject = subject(line, s)
        self.born = born
        self.released = FOREVER
        self.spans = [[present, FOREVER]]  # when it is in the live set

    def leaves(self, time):
        self.released = self.spans[-1][1] = time

    def comes_back(self, time):
        self.released = FOREVER
        self.spans.append([time, FOREVER])

    def seen(self):
        """As the reader of a live set sees it."""
        line = self.line
        return (self.subject["size"], line["stack"], line.get("thread", 0),
                line.get("type", 0), self.subject.get("domain"))


def follow(lines, until=FOREVER):
    """The blocks by line, and what is live in the end: {(stream, kind):
    {address: block}}."""
    blocks, streams = {}, {}
    for number, (line, s) in enumerate(streams_of(lines)):
        streams[s.line["stream"]] = s
        if line.get("time_ns", 0) > until:
            continue
        if line["kind"] == "live":
            blocks[number] = take_row(s, line)
        elif line["kind"] in BLOCKS:
            blocks[number] = take_record(s, line)
        elif line["kind"] == "mark":
            continue
    return blocks, {(key, kind): live for key, s in streams.items()
                    for kind, live in s.live.items() if live}


def take_row(s, line):
    kind, time = LIVE_OF[line["of"]], line["time_ns"]
    if begins_set(line, s):
        s.before = s.live[kind]
        s.live[kind] = {}
        for block in s.before.values():
            block.leaves(time)
    born = time - line.get("age_ns", 0)
    block = s.before.get(line["address"])
    if block and block.born == born:
        block.released = block.spans[-1][1] = FOREVER
    else:
        block = Block(line, s, born, time)
    s.live[kind][line["address"]] = block
    return block


def take_record(s, line):
    live, op, time = s.live[line["kind"]], line["op"], line["time_ns"]
    address, thread = line["address"], line["thread"]
    old = live.pop(address, None)
    if op == "realloc_undo":
        at, block = s.pending.pop(thread, (None, None))
        if at == address and block:
            block.comes_back(time)
            live[address] = block
            return block
        if old:
            live[address] = old
        return None
    if old:
        old.leaves(time)
    if op == "realloc_free":
        s.pending[thread] = (address, old)
    if op in ("free", "destroy", "realloc_free"):
        return old
    if op == "realloc":
        s.pending.pop(thread, None)
    live[address] = Block(line, s, time, time)
    return live[address]


def ask_lives(blocks):
    """`lived` and `alive` of the blocks, once all lines were gone through."""
    for block in blocks.values():
        if block:
            block.subject["lived"] = block.released - block.born
            block.subject["alive"] = block.spans


def alive_at(ns):
    return Test("alive at %dns" % ns, "alive",
                lambda spans: any(a <= ns < b for a, b in spans))


# ---- what is kept ------------------------------------------------------------

def kept(lines, x, low, high, carry):
    """The records of the result, in order. Of what is put in, or takes the
    place of another, only some keys: with "exact" False."""
    blocks, _ = follow(lines)
    ask_lives(blocks)
    for number, (line, s) in enumerate(streams_of(lines)):
        kind, time = line["kind"], line.get("time_ns", 0)
        if not carry and time < low:
            continue
        if kind == "live":
            of = LIVE_OF[line["of"]]
            if begins_set(line, s):
                s.kept[of] = {}
            if holds(x, blocks[number].subject):
                s.kept[of][line["address"]] = blocks[number]
        elif kind in BLOCKS:
            found = keep_block(s, line, x, blocks[number], low)
            if found and low <= time <= high:
                yield found
        elif kind in RECORDS and low <= time <= high and \
                holds(x, subject(line, s)):
            yield line


def keep_block(s, line, x, block, low):
    """The line as it is kept, or None."""
    live, op = s.kept[line["kind"]], line["op"]
    thread, address = line["thread"], line["address"]
    unknown = line if certain(x, line["kind"], s) == 2 else None
    if op in ("free", "destroy"):
        return line if live.pop(address, None) else unknown
    if op == "realloc_free":
        was = live.pop(address, None)
        s.pending[thread] = (address, was, line["time_ns"])
        return line if was else unknown
    if op == "realloc_undo":
        at, was, time = s.pending.pop(thread, (None, None, 0))
        if at != address or not was:
            return unknown
        live[address] = was
        return line if time >= low else in_place(
            line, "malloc", size=was.line["size"], stack=was.line["stack"],
            thread=was.line.get("thread", 0))
    if op == "realloc":
        s.pending.pop(thread, None)
    was = live.pop(address, None)
    if holds(x, block.subject):
        live[address] = block
        return line
    return was and in_place(
        line, "destroy" if line["kind"] == "object" else "free")


def in_place(line, op, **more):
    some = {key: line[key] for key in ("kind", "stream", "time_ns", "thread",
                                       "address")}
    return dict(some, op=op, exact=False, **more)


def same(got, want):
    """Is a record as it is expected? Its number may be another."""
    if want.get("exact") is False:
        return all(got.get(k) == v for k, v in want.items() if k != "exact")
    return plain(got) == plain(want)


def plain(line):
    return json.dumps({k: v for k, v in line.items() if k != "ordinal"},
                      sort_keys=True)
