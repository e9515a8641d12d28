"""Chunks of a stream, and the lines that they print as (sections 4.2 to 7)."""

import hashlib

from .encode import M64, Tag, cbor, column, deltas, signed, zigzag, zigzags


# ---- streams (sections 4.2 to 7) -----------------------------------------

KINDS = ("- stream string code cfunction type stack thread class anchor call "
         "line object alloc sample heap snapshot mark gc loss live "
         "end process").split()
NUMBER = {name: i for i, name in enumerate(KINDS)}
OPS = "free malloc calloc realloc_free realloc realloc_undo".split()
DOMAINS = "raw mem obj native".split()
SIZED = ("malloc", "calloc", "realloc")
FREES = ("free", "realloc_free", "destroy")
PROCESS_OPS = "found started exec exited vanished denied left".split()
HOWS = "look event children wait named descriptor".split()
CAUSES = "full reentrant memory io torn damaged".split()


class Stream:
    """Writes chunks of one stream, and the lines that they print as.

    Each method adds one chunk. `codec` gives codecs by column number; `body`
    and `env` replace or add keys (None takes one away). `drop` columns are
    left out and print as such.
    """

    def __init__(self, trace, seed=1, tick_ns=1, rss_unit=None, labels=True):
        self.trace = trace
        self.uuid = hashlib.sha256(b"vector %d" % seed).digest()[:16]
        self.key = int.from_bytes(self.uuid[:8], "big")
        self.name = "%016x" % self.key
        self.tick_ns = tick_ns
        self.rss_unit = rss_unit
        self.labels = labels
        self.seq = self.epoch = self.lost = self.records = 0
        self.ordinals = {}
        self.strings = {}
        self.classes = {}

    # -- one chunk --

    def chunk(self, kind, count, t0, t1, body, codec=None, env=None,
              change=None, lines=(), content=None, bad=None, data=None,
              label=None, wrong=None):
        """Adds a chunk, returns the offset of its data frame.

        bad: "chunk" (it is dropped), "label" (it is used, but reported).
        """
        number = NUMBER.get(kind, kind)
        envelope = {0: number, 1: self.key, 2: self.seq, 3: count, 4: t0,
                    5: t1, 7: self.epoch, 9: self.lost}
        if 10 <= number <= 20 or number == 22:
            first = self.ordinals.get(number, 0)
            envelope[8] = first
            self.ordinals[number] = first + count
            self.records += count
        items = {}
        for key, value in body.items():
            if isinstance(value, Values):
                how = (codec or {}).get(key, "uleb")
                if how == "drop":
                    continue
                value = column(value, how)
            items[key] = value
        for key, value in (change or {}).items():
            items.pop(key, None)
            if value is not None:
                items[key] = value
        known = dict(envelope)
        for key, value in (env or {}).items():
            envelope.pop(key, None)
            if value is not None:
                envelope[key] = value
                if key in known:
                    known[key] = value
        if content is None:
            item = dict(envelope)
            item[15] = items
            content = cbor(Tag(55799, item) if number == 1 else item)
        elif callable(content):
            content = content(envelope, items)
        self.seq += 1
        if label is None:
            label = self.labels
        at = self.trace.add(known, content, data, label, wrong)
        if bad:
            self.trace.broken(offset=at - 72 if bad == "label" else at)
        if bad != "chunk":
            self.trace.expect(*lines)
        return at

    def print(self, kind, **fields):
        """A line: keys in the order given."""
        return dict({"kind": kind, "stream": self.name}, **fields)

    def text(self, ident):
        return self.strings.get(ident)

    # -- stream and end --

    def open(self, version=(1, 0), producer="make_vectors 1", clock=0,
             process=None, more=None, start=(0, 0, 0), **kw):
        """Section 5.1. `more`: hooks, settings, boot, session, parent, part,
        before ({kind's name: records}), filter, archive ({0: digest,
        1: records a chunk, 2: bytes or ns a part})."""
        process = process or {}
        more = more or {}
        names = "pid ppid argv executable python host system".split()
        body = {0: list(version), 1: producer,
                2: {0: clock, 1: self.tick_ns},
                3: {i: process[n] for i, n in enumerate(names)
                    if n in process},
                9: self.uuid, 10: list(start)}
        if self.rss_unit is not None:
            body[2][2] = self.rss_unit
        for key, name in ((4, "boot"), (5, "hooks"), (6, "settings"),
                          (7, "session"), (8, "parent"), (11, "part"),
                          (13, "filter"),
                          (14, "archive")):
            if name in more:
                body[key] = more[name]
        if "before" in more:
            body[12] = {NUMBER[k]: n for k, n in more["before"].items()}

        def shown(name):
            value = more.get(name)
            return value.hex() if isinstance(value, bytes) else value
        line = self.print("stream", version=list(version), producer=producer,
                          tick_ns=self.tick_ns, clock=clock,
                          rss_unit=4096 if self.rss_unit is None
                          else self.rss_unit)
        line.update((n, process.get(n)) for n in names)
        line.update((n, shown(n)) for n in
                    ("boot", "hooks", "settings", "session", "parent"))
        if line["settings"] is not None:    # in the file's order
            line["settings"] = dict(sorted(line["settings"].items(),
                                           key=lambda kv: cbor(kv[0])))
        line.update(uuid=self.uuid.hex(), start=list(start),
                    part=more.get("part", 0), before=more.get("before"))
        if "filter" in more:
            line["filter"] = more["filter"]
        if "archive" in more:
            line["archive"] = [value.hex() if key == 0 else value
                               for key, value in more["archive"].items()]
        kw.setdefault("lines", [line])
        tick = kw.pop("t", 0)
        return self.chunk("stream", 0, tick, tick, body, **kw)

    def go_on(self, part, t, counted=True, more=None, **kw):
        """A later part begins (section 5.3): all that counts goes on."""
        self.epoch += 1
        more = dict(more or {}, part=part)
        if counted:
            more["before"] = {KINDS[k]: n for k, n
                              in sorted(self.ordinals.items()) if n}
        return self.open(more=more, t=t, **kw)

    def end(self, t=0, clean=1, **kw):
        line = self.print("end", chunks=self.seq, records=self.records,
                          lost=self.lost, clean=clean == 1,
                          **({"dump": True} if clean == 2 else {}))
        kw.setdefault("lines", [line])
        return self.chunk("end", 0, t, t, {
            0: self.seq, 1: self.records, 2: self.lost, 3: clean}, **kw)

    # -- tables --

    def table(self, kind, rows, keys, show, kw):
        """rows: (id, value of column 1, 2, ...)."""
        rows = [list(r) for r in rows]
        columns = list(zip(*rows)) if rows else [()] * (1 + len(keys))
        body = {0: Values(deltas(list(columns[0])))}
        stored = [list(c) for c in columns]
        if kind == "stack":
            stored[1] = [i - p for i, p in zip(stored[0], stored[1])]
        for i in range(1, len(columns)):
            body[i] = Values(stored[i])
        lines = []
        for row in rows:
            line = self.print(kind, id=row[0])
            for key, value in zip(keys, row[1:]):
                line[key] = self.text(value) if key in show else value
            lines.append(line)
        kw.setdefault("lines", lines)
        return self.chunk(kind, len(rows), 0, 0, body, **kw)

    def string(self, rows, **kw):
        """rows: {id: text}."""
        self.strings.update(rows)
        kw.setdefault("lines", [])
        return self.chunk("string", len(rows), 0, 0, {
            0: Values(deltas(list(rows))), 1: list(rows.values())}, **kw)

    def code(self, *rows, **kw):
        return self.table("code", rows, ("file", "function", "first_line"),
                          ("file", "function"), kw)

    def cfunction(self, *rows, **kw):
        return self.table("cfunction", rows, ("name", "module"),
                          ("name", "module"), kw)

    def type(self, *rows, **kw):
        return self.table("type", rows, ("name", "basic_size", "item_size"),
                          ("name",), kw)

    def stack(self, *rows, **kw):
        return self.table("stack", rows, ("parent", "code", "line"), (), kw)

    def thread(self, *rows, **kw):
        return self.table("thread", rows, ("native_id", "ident", "name"),
                          ("name",), kw)

    def class_(self, *rows, **kw):
        self.classes.update((row[0], row[1:]) for row in rows)
        return self.table("class", rows, ("of", "what", "stack", "type",
                                          "cfunction"), (), kw)

    def anchor(self, *rows, **kw):
        """rows: (tick, mono_ns, real_ns, uncertainty_ns)."""
        ticks, mono, real, unsure = map(list, zip(*rows))
        kw.setdefault("lines", [
            self.print("anchor", time_ns=t * self.tick_ns & M64, mono_ns=m,
                       real_ns=r, uncertainty_ns=u) for t, m, r, u in rows])
        return self.chunk("anchor", len(rows), min(ticks), max(ticks), {
            1: Values(deltas(ticks)), 32: Values(deltas(mono)),
            33: Values(zigzags(real)), 34: Values(unsure)}, **kw)

    # -- records --

    def records_chunk(self, kind, rows, body, kw, moment=None):
        """Adds time, ordinal and span; rows have `t` and `line`, a dict."""
        times = [r["t"] for r in rows]
        t0 = kw.pop("t0", min(times) if times else 0)
        t1 = kw.pop("t1", max(times) if times else t0)
        if moment is None:
            body = dict(body)
            body[1] = Values(deltas(times, t0))
        first = self.ordinals.get(NUMBER[kind], 0)
        if (kw.get("env") or {}).get(8) is not None:
            first = kw["env"][8]
        lines = []
        for i, r in enumerate(rows):
            line = self.print(kind, ordinal=first + i & M64,
                              time_ns=r["t"] * self.tick_ns & M64)
            line.update(r["line"])
            lines.append(line)
        kw.setdefault("lines", lines)
        return self.chunk(kind, len(rows), t0, t1, body, **kw)

    def optional(self, rows, fields, body):
        """Columns that rows have; all rows have the same ones."""
        for key, number in fields:
            if rows and key in rows[0]:
                body[number] = Values([r[key] for r in rows])

    def rss_column(self, rows, body, kw):
        base = (kw.get("env") or {}).get(10, 0)
        if rows and "rss" in rows[0]:
            body[3] = Values(zigzags([r["rss"] for r in rows], base))

    def rss_bytes(self, r):
        return r["rss"] * (self.rss_unit or 4096) & M64

    def call(self, rows, kind="call", **kw):
        """rows: t, class; may: thread, rss, gap, offset, rss_read."""
        body = {0: Values([r["class"] for r in rows])}
        self.optional(rows, (("thread", 2), ("gap", 4), ("offset", 5),
                             ("rss_read", 11)), body)
        self.rss_column(rows, body, kw)
        dropped = [k for k, c in (kw.get("codec") or {}).items()
                   if c in ("drop", "later")]
        for r in rows:
            line = r["line"] = {}
            for key, number in (("thread", 2), ("class", 0), ("rss", 3),
                                ("gap", 4), ("offset", 5), ("rss_read", 11)):
                if key in r and number not in dropped:
                    line[key] = self.rss_bytes(r) if key == "rss" else r[key]
        return self.records_chunk(kind, rows, body, kw)

    def line(self, rows, **kw):
        return self.call(rows, "line", **kw)

    def address_columns(self, rows, align=0, classes=None):
        """Columns 8, 9, 10 (section 7.2). classes: model 1."""
        latest = {}         # address: record
        release, acquire, explicit = [], [], []
        free = {}           # size class: records given back
        reused = set()
        previous = 0
        for k, r in enumerate(rows, 1):
            address = r["address"]
            before = latest.get(address)
            latest[address] = k
            releasing = r["op"] in FREES
            out = release if releasing else acquire
            if classes is not None and not releasing:
                c = classes[k - 1]
                top = [n for n in free.get(c, ()) if n not in reused]
                # what is reused and lies on top is gone for good
                stack = free.get(c, [])
                if c is not None and top and (
                        rows[top[-1] - 1]["address"] == address):
                    out.append(1)
                    while stack[-1] in reused:
                        stack.pop()
                    stack.pop()
                    continue
            if before is None:
                out.append(0)
                step = signed(address - previous)
                assert step % (1 << align) == 0
                explicit.append(zigzag(step >> align))
                previous = address
                continue
            if releasing or classes is None:
                out.append(k - before)
            else:
                out.append(k - before + 1)
                reused.add(before)
            if releasing and classes is not None:
                c = classes[before - 1]
                if c is not None:
                    free.setdefault(c, []).append(k)
        return {8: Values(release), 9: Values(acquire), 10: Values(explicit)}

    def object(self, rows, **kw):
        """rows: t, class, address; may: thread, rss, gap, size, rss_read."""
        for r in rows:
            r["op"] = ("create", "destroy")[r["class"] & 1]
        align = (kw.get("env") or {}).get(11, 0)
        body = {0: Values([r["class"] for r in rows])}
        body.update(self.address_columns(rows, align))
        self.optional(rows, (("thread", 2), ("gap", 4), ("size", 6),
                             ("rss_read", 11)), body)
        self.rss_column(rows, body, kw)
        for r in rows:
            of, _, stack, type_, _ = self.classes.get(r["class"], [0] * 5)
            if of != 12:
                stack = type_ = 0
            line = r["line"] = {"thread": r.get("thread", 0), "op": r["op"],
                                "type": type_, "stack": stack,
                                "address": hex(r["address"])}
            for key in ("rss", "gap", "size", "rss_read"):
                if key in r:
                    line[key] = self.rss_bytes(r) if key == "rss" else r[key]
        return self.records_chunk("object", rows, body, kw)

    def alloc(self, rows, model=0, **kw):
        """rows: t, op, address; may: domain, size, stack, thread, gap."""
        env = kw["env"] = dict(kw.get("env") or {})
        if model:
            env[12] = 1
        classes = None
        if model:
            classes = [size_class(r["size"], r.get("domain", "raw"))
                       if r["op"] in SIZED else None for r in rows]
        body = {14: Values([OPS.index(r["op"]) << 2
                            | DOMAINS.index(r.get("domain", "raw"))
                            for r in rows])}
        body.update(self.address_columns(rows, env.get(11, 0), classes))
        if any("size" in r for r in rows):
            body[6] = Values([r["size"] for r in rows if r["op"] in SIZED])
        self.optional(rows, (("thread", 2), ("gap", 4), ("stack", 7)), body)
        dropped = [k for k, c in (kw.get("codec") or {}).items()
                   if c in ("drop", "later")]
        for r in rows:
            size = None
            if r["op"] in SIZED:
                size = 0 if 6 in dropped else r.get("size", 0)
            r["line"] = {"thread": 0 if 2 in dropped else r.get("thread", 0),
                         "op": r["op"], "domain": r.get("domain", "raw"),
                         "address": hex(r["address"]), "size": size,
                         "stack": 0 if 7 in dropped else r.get("stack", 0)}
            if "gap" in r and 4 not in dropped:
                r["line"]["gap"] = r["gap"]
        return self.records_chunk("alloc", rows, body, kw)

    def sample(self, figures, rows, kind="sample", **kw):
        """figures: [name, unit, sort]; rows: t, values; may: thread, pid."""
        body = {16: [list(f) for f in figures]}
        for i, f in enumerate(figures):
            if rows and f[0] in rows[0]["values"]:
                body[32 + i] = Values(zigzags([r["values"][f[0]]
                                               for r in rows]))
        self.optional(rows, (("thread", 2), ("pid", 15)), body)
        for r in rows:
            line = r["line"] = {k: r[k] for k in ("thread", "pid") if k in r}
            line["values"] = {f[0]: r["values"][f[0]] for f in figures
                              if f[0] in r["values"]}
        return self.records_chunk(kind, rows, body, kw)

    def heap(self, figures, rows, **kw):
        return self.sample(figures, rows, "heap", **kw)

    def snapshot(self, t, name, rows, values=None, **kw):
        """rows: stack, blocks, size; may: type, domain."""
        body = {16: name}
        if values is not None:
            body[17] = [list(v) for v in values]
        self.optional(rows, (("stack", 7), ("blocks", 18), ("size", 6),
                             ("type", 12)), body)
        if rows and "domain" in rows[0]:
            body[13] = Values([number(DOMAINS, r["domain"]) for r in rows])
        for r in rows:
            r["t"] = t
            line = r["line"] = {"name": name,
                                "values": [list(v) for v in values or []]}
            for key in ("stack", "blocks", "size", "type", "domain"):
                if key in r:
                    line[key] = r[key]
        kw.setdefault("t0", t)
        return self.records_chunk("snapshot", rows, body, kw, t)

    def mark(self, rows, **kw):
        """rows: t, text; may: thread."""
        body = {16: [r["text"] for r in rows]}
        self.optional(rows, (("thread", 2),), body)
        for r in rows:
            r["line"] = {"thread": r.get("thread", 0), "text": r["text"]}
        return self.records_chunk("mark", rows, body, kw)

    def gc(self, rows, **kw):
        """rows: t, op, generation; may: thread, collected, ..."""
        body = {14: Values([("start", "stop").index(r["op"])
                            for r in rows])}
        self.optional(rows, (("generation", 19), ("thread", 2),
                             ("collected", 20), ("uncollectable", 21),
                             ("duration_ns", 22)), body)
        for r in rows:
            line = r["line"] = {"thread": r.get("thread", 0), "op": r["op"]}
            for key in ("generation", "collected", "uncollectable",
                        "duration_ns"):
                line[key] = r.get(key, 0)
        return self.records_chunk("gc", rows, body, kw)

    def loss(self, rows, **kw):
        """rows: t, cause (name or number), events."""
        body = {14: Values([number(CAUSES, r["cause"]) for r in rows]),
                23: Values([r["events"] for r in rows])}
        for r in rows:
            r["line"] = {"cause": r["cause"], "events": r["events"]}
        return self.records_chunk("loss", rows, body, kw)

    def live(self, t, of, part, parts, rows, **kw):
        """rows, by rising address: address, stack; may: thread, size, type,
        domain, age (ticks)."""
        body = {16: of, 17: part, 18: parts,
                24: Values(deltas([r["address"] for r in rows]))}
        self.optional(rows, (("stack", 7), ("size", 6), ("type", 12),
                             ("thread", 2), ("age", 25)), body)
        if rows and "domain" in rows[0]:
            body[13] = Values([number(DOMAINS, r["domain"]) for r in rows])
        for r in rows:
            r["t"] = t
            line = r["line"] = {"of": of, "part": part, "parts": parts,
                                "address": hex(r["address"])}
            for key in ("size", "stack", "type", "thread", "domain"):
                if key in r:
                    line[key] = r[key]
            if "age" in r:
                line["age_ns"] = r["age"] * self.tick_ns & M64
        kw.setdefault("t0", t)
        return self.records_chunk("live", rows, body, kw, t)

    def process(self, rows, **kw):
        """rows: t, op, pid; may: how, ppid, started_ns, status, executable,
        argv, name, note."""
        body = {14: Values([number(PROCESS_OPS, r["op"]) for r in rows]),
                15: Values([r["pid"] for r in rows])}
        if any("how" in r for r in rows):
            body[29] = Values([number(HOWS, r.get("how", 0)) for r in rows])
        for key, at in (("ppid", 26), ("started_ns", 27), ("status", 28)):
            if any(key in r for r in rows):
                body[at] = Values([r.get(key, 0) for r in rows])
        for key, at in (("executable", 16), ("name", 18), ("note", 19)):
            if any(key in r for r in rows):
                body[at] = [r.get(key, "") for r in rows]
        if any("argv" in r for r in rows):
            body[17] = [r.get("argv", []) for r in rows]
        for r in rows:
            s = r.get("status", 0)
            r["line"] = {
                "op": r["op"], "how": r.get("how", "look"), "pid": r["pid"],
                "ppid": r.get("ppid"), "started_ns": r.get("started_ns"),
                "exit": s - 1 if 1 <= s <= 256 else None,
                "signal": s - 256 if s > 256 else None,
                "executable": r.get("executable"), "argv": r.get("argv"),
                "name": r.get("name"), "note": r.get("note")}
        return self.records_chunk("process", rows, body, kw)


class Values(list):
    """Values of a column, to be encoded."""


def number(names, value):
    return value if isinstance(value, int) else names.index(value)


def size_class(size, domain):
    """Section 7.2."""
    u = max(-(-size // 16), 1)
    c = u if u < 256 else 256 + u % 256
    small = domain in ("mem", "obj") and size <= 512
    return c if small else c + 512
