"""Invalid vectors: CBOR, envelope, columns, tables, records."""

from .encode import M64, Raw, Tag, Trace, cbor, cbor_head
from .stream import Stream
from .parts import (
    alloc_rows, begin, call_rows, invalid, marks, object_rows, processes,
    vector)


# ---- CBOR -------------------------------------------------------

def content_is(name, doc, make):
    """The content of a frame: make(item), where item is a sound chunk."""
    def act(trace, s):
        def content(envelope, items):
            item = dict(envelope)
            item[15] = items
            return make(item)
        marks(s, "wrong", content=content, bad="chunk")
    invalid("cbor-" + name, doc, act)


def with_key(value, key=100):
    """A sound chunk but for the item at an unknown key."""
    def make(item):
        item[key] = Raw(value)
        return cbor(item)
    return make


content_is("two-items", "Two items in a frame.", lambda i: cbor(i) + cbor(i))
content_is("byte-behind", "A byte behind the item.", lambda i: cbor(i) + b"\0")
content_is("cut", "The item ends early.", lambda i: cbor(i)[:-1])
content_is("cut-head", "The item ends in a head.",
           lambda i: b"\xb8")
content_is("array", "The chunk is an array.", lambda i: cbor([i]))
content_is("integer", "The chunk is an integer.", lambda i: cbor(7))
content_is("tagged", "A mark chunk in tag 55799.",
           lambda i: cbor(Tag(55799, i)))
content_is("other-tag", "A chunk in another tag.",
           lambda i: cbor(Tag(55798, i)))
content_is("indefinite-map", "A map of indefinite length.",
           lambda i: b"\xbf" + cbor(i)[1:] + b"\xff")
content_is("indefinite-array", "An array of indefinite length.",
           with_key(b"\x9f\x00\xff"))
content_is("indefinite-bytes", "A byte string of indefinite length.",
           with_key(b"\x5f\x41\x00\xff"))
content_is("indefinite-text", "A text string of indefinite length.",
           with_key(b"\x7f\x61\x61\xff"))
content_is("break", "A break on its own.", with_key(b"\xff"))
for n in (28, 29, 30):
    content_is("head-%d" % n, "A reserved head.", with_key(bytes([n])))
content_is("simple-24", "A simple value below 32 in two bytes.",
           with_key(b"\xf8\x14"))
content_is("simple-19", "A simple value that is not used.",
           with_key(b"\xf3"))
content_is("simple-255", "The same in two bytes.", with_key(b"\xf8\xff"))
content_is("nesting-9", "Nine levels.", with_key(b"\x81" * 8 + b"\x00"))
content_is("nesting-9-empty", "The ninth level is an empty map.",
           with_key(b"\x81" * 7 + b"\xa0"))
content_is("nesting-9-tags", "Nine levels of tags.",
           with_key(b"\xd8\x3c" * 8 + b"\x00"))
content_is("nesting-10000", "Ten thousand levels.",
           with_key(b"\x81" * 10000 + b"\x00"))
content_is("items-over-limit", "2^20 and 1 items.", with_key(
    cbor_head(4, (1 << 20) - 27) + bytes((1 << 20) - 27)))
content_is("string-10-GB", "A byte string that claims 10 GB.",
           with_key(cbor_head(2, 10 ** 10)))
content_is("text-2-64", "A text string that claims 2^64 - 1 bytes.",
           with_key(cbor_head(3, M64)))
content_is("array-2-60", "An array that claims 2^60 items.",
           with_key(cbor_head(4, 1 << 60)))
content_is("map-2-63", "A map that claims 2^63 pairs.",
           with_key(cbor_head(5, 1 << 63)))
content_is("tag-of-nothing", "A tag at the end of the chunk.",
           lambda i: cbor_head(5, 1) + b"\x00\xd9\xd9\xf7")
content_is("not-utf-8", "A text string that is not UTF-8, in an unknown key.",
           with_key(b"\x62\xc3\x28"))
content_is("surrogate", "A surrogate in a text string.",
           with_key(b"\x63\xed\xa0\x80"))
content_is("over-long-utf-8", "An over-long form in a text string.",
           with_key(b"\x62\xc0\x80"))
content_is("text-over-limit", "A text string of 65537 bytes.",
           with_key(cbor("x" * 65537)))


@vector("invalid")
def cbor_stream_without_tag():
    """A stream chunk without its tag."""
    trace = Trace()
    s = Stream(trace, 1)

    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        return cbor(item)
    s.open(content=content, bad="chunk")
    marks(s, "used")
    s.end()
    return trace


# ---- the envelope --------------------------------------------------------

def envelope_is(name, doc, **kw):
    invalid("envelope-" + name, doc,
            lambda trace, s: marks(s, "wrong", bad="chunk", **kw))


for key in (0, 1, 2, 3, 4, 5, 7, 8, 9):
    envelope_is("key-%d-missing" % key, "Envelope key %d is missing." % key,
                env={key: None})


def key_is(key, value):
    """content: the envelope's key replaced (the label keeps the right one)."""
    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        item[key] = value
        return cbor(item)
    return content


for key, value in ((0, "17"), (1, -1), (2, b"\1"), (3, [1]), (4, True),
                   (5, Tag(2, b"\x20")), (7, Raw(b"\xf9\x3c\x00")),
                   (8, {1: 1}), (9, None), (10, -5), (11, "4"), (12, -1),
                   (13, 1), (15, [])):
    envelope_is("key-%d-type" % key, "Envelope key %d has a wrong type." % key,
                content=key_is(key, value))
envelope_is("key-15-missing", "There is no body.",
            content=lambda e, i: cbor(e))
envelope_is("key-twice", "Envelope key 2 stands twice.",
            content=lambda e, i: cbor_head(5, len(e) + 2) + cbor(e)[1:]
            + cbor(15) + cbor(i) + b"\x02\x02")
envelope_is("body-twice", "Two bodies.",
            content=lambda e, i: cbor_head(5, len(e) + 2) + cbor(e)[1:]
            + (cbor(15) + cbor(i)) * 2)
envelope_is("count-over-limit", "A count of 65537.",
            content=key_is(3, 65537))
envelope_is("count-2-60", "A claim of 2^60 records.",
            content=key_is(3, 1 << 60))
envelope_is("count-too-great", "A count of one more than there are.",
            content=key_is(3, 2))
envelope_is("t1-before-t0", "t1 is earlier than t0.", content=key_is(5, 9))
envelope_is("kind-2-32", "A kind of 2^32.", content=key_is(0, 1 << 32))
envelope_is("align-5", "align is 5.", content=key_is(11, 5))
envelope_is("model-2", "model is 2.", content=key_is(12, 2))
envelope_is("model-1-in-mark", "model is 1 in another kind than alloc.",
            content=key_is(12, 1))
envelope_is("features-empty", "features is an empty array.",
            content=key_is(13, []))
envelope_is("features-type", "A feature is a text.",
            content=key_is(13, ["x"]))
invalid("envelope-unknown-kind-body", "An unknown kind's body is no map.",
        lambda trace, s: s.chunk(23, 1, 1, 1, {}, bad="chunk",
                                 content=key_is(15, 7)))
invalid("envelope-unknown-kind-t1", "An unknown kind's t1 < t0.",
        lambda trace, s: s.chunk(23, 1, 2, 1, {}, bad="chunk"))
invalid("envelope-object-model-1", "model is 1 in object.",
        lambda trace, s: s.object(object_rows(), env={12: 1}, bad="chunk"),
        full=True)
invalid("envelope-end-count", "The count of an end chunk is 1.",
        lambda trace, s: s.end(content=key_is(3, 1), bad="chunk"))


# ---- columns -------------------------------------------------------------

def column_is(name, doc, item, key=4):
    """Column `key` of a line chunk of 4 rows."""
    invalid("column-" + name, doc, lambda trace, s: s.line(
        [{"t": 50 + i, "class": 4, "gap": 0} for i in range(4)],
        change={key: item}, bad="chunk"))


column_is("text", "A column is a text string.", "abcd")
column_is("negative", "A constant is negative.", -1)
column_is("float", "A constant is a float.", Raw(b"\xf9\x3c\x00"))
column_is("true", "A constant is true.", True)
column_is("null", "A column is null.", Raw(b"\xf6"))
column_is("big-integer", "A constant is a big integer (tag 2).",
          Tag(2, b"\1" + bytes(8)))
column_is("map", "A column is a map.", {})
column_is("uleb-short", "ULEB128: a value is missing.", b"\1\2\3")
column_is("uleb-long", "ULEB128: a value is left.", b"\1\2\3\4\5")
column_is("uleb-cut", "ULEB128: the last value ends early.", b"\1\2\3\x84")
column_is("uleb-11-bytes", "ULEB128 of 11 bytes.",
          b"\1\2\3" + b"\x80" * 10 + b"\0")
column_is("uleb-2-64", "ULEB128 of 2^64.",
          b"\1\2\3" + b"\x80" * 9 + b"\x02")
column_is("u8-short", "u8: a byte is missing.", Tag(64, b"abc"))
column_is("u8-long", "u8: a byte is left.", Tag(64, b"abcde"))
column_is("u16-odd", "u16: 7 bytes for 4 rows.", Tag(69, b"abcdefg"))
column_is("u64-short", "u64: 3 values for 4 rows.", Tag(71, bytes(24)))
column_is("u16-big-endian", "Tag 65: big-endian is no codec.",
          Tag(65, bytes(8)))
column_is("s16", "Tag 77: signed is no codec.", Tag(77, bytes(8)))
column_is("fixed-of-text", "Tag 64 on a text string.", Tag(64, "abcd"))
column_is("planes-9", "Planes of width 9.", [3, bytes(36)])
column_is("planes-0", "Planes of width 0.", [3, b""])
column_is("planes-uneven", "Planes: no multiple of the rows.", [3, bytes(7)])
column_is("planes-alone", "Planes without bytes.", [3])
column_is("planes-and-more", "Planes with a third item.", [3, bytes(4), 0])
column_is("planes-of-text", "Planes of a text string.", [3, "abcd"])
column_is("runs-short", "Runs that sum to 3.", [4, b"\2\0"])
column_is("runs-long", "Runs that sum to 5.", [4, b"\4\0"])
column_is("runs-odd", "A run without a value.", [4, b"\3\0\0"])
column_is("runs-2-64", "A run of 2^64 rows.",
          [4, b"\xff" * 9 + b"\1\0" + b"\3\0"])
column_is("runs-none", "Runs for no row.", [4, b""])
column_is("codec-2", "An array of codec 2.", [2, bytes(4)])
column_is("codec-0", "An array of codec 0.", [0, 1])
column_is("codec-negative", "An array of codec -5.", [-5, 1])
column_is("codec-text", "An array of codec \"5\".", ["5", 1])
column_is("empty-array", "An empty array.", [])
column_is("missing", "Column 0 is missing.", None, key=0)
column_is("time-missing", "Column 1 is missing.", None, key=1)
column_is("after-t1", "A tick is later than t1.", b"\0\1\1\2", key=1)
column_is("time-2-64", "The ticks pass 2^64.",
          [3, b"\xff" * 32], key=1)
column_is("u8-empty", "u8: no bytes for 4 rows.", Tag(64, b""))
invalid("column-twice", "A column stands twice.",
        lambda trace, s: s.line(
            [{"t": 50, "class": 4}], bad="chunk",
            content=lambda e, i: cbor_head(5, len(e) + 1) + cbor(e)[1:]
            + cbor(15) + cbor_head(5, len(i) + 1) + cbor(i)[1:] + b"\x01\x00"))
invalid("column-0-rows", "A byte in a column of no rows.",
        lambda trace, s: s.chunk("gc", 0, 5, 5, {14: b"\0"}, bad="chunk"))
invalid("column-0-rows-planes", "Planes of a byte for no rows.",
        lambda trace, s: s.chunk("gc", 0, 5, 5, {14: [3, b"\0"]},
                                 bad="chunk"))


# ---- invalid: tables and records -----------------------------------------

def bad(name, doc, method, *rows, **kw):
    """A chunk of a kind is wrong: Stream.method(*rows, **kw)."""
    def act(trace, s):
        strings, classes = dict(s.strings), dict(s.classes)
        made = [r() if callable(r) else r for r in rows]
        getattr(s, method)(*made, bad="chunk", **dict(kw))
        s.strings, s.classes = strings, classes
    invalid(name, doc, act, full=method in ("object", "code"))


bad("string-count-short", "A string is missing.", "string", {50: "a", 51: "b"},
    change={1: ["a"]})
bad("string-count-long", "A string is left.", "string", {50: "a"},
    change={1: ["a", "b"]})
bad("string-not-text", "A string is a number.", "string", {50: "a"},
    change={1: [7]})
bad("string-tagged", "A string is in a tag.", "string", {50: "a"},
    change={1: [Tag(32, "a")]})
bad("string-no-array", "The strings are no array.", "string", {50: "a"},
    change={1: "a"})
bad("string-missing", "There are no strings.", "string", {50: "a"},
    change={1: None})
bad("string-over-limit", "A byte string for a text of 65537 bytes.", "string",
    {50: "\udcff" * 65537})
bad("string-none", "Count is 0, but there is no list.", "string", {},
    change={1: None})
bad("string-later-and-short", "Texts are checked before codecs.", "string",
    {50: "a"}, change={0: [5], 1: []})
bad("code-later-and-text", "Forms are checked before codecs.", "code",
    (3, 1, 1, 1), change={0: [5], 3: "text"})
bad("id-0", "An id of 0.", "code", (0, 1, 1, 1))
bad("id-twice", "An id twice in a chunk.", "code", (3, 1, 1, 1), (3, 1, 1, 1))
bad("id-missing", "A table without ids.", "code", (3, 1, 1, 1),
    codec={0: "drop"})
bad("id-over-limit", "An id of 2^24.", "code", (1 << 24, 1, 1, 1))
bad("id-2-64", "Ids that pass 2^64.", "code", (3, 1, 1, 1), (2, 1, 1, 1))
bad("stack-parent-is-itself", "id - parent is 0.", "stack", (9, 9, 1, 1))
bad("stack-parent-below-0", "id - parent is more than the id.", "stack",
    (9, -1, 1, 1))
bad("stack-parent-missing", "A stack table without parents.", "stack",
    (9, 1, 1, 1), codec={1: "drop"})
bad("anchor-without-clock", "An anchor without monotonic time.", "anchor",
    (5, 6, 7, 8), codec={32: "drop"})
bad("anchor-after-t1", "An anchor behind t1.", "anchor", (5, 6, 7, 8),
    change={1: 6})
bad("anchor-before-t0", "An anchor before t0.", "anchor", (5, 6, 7, 8),
    change={1: 4})


for name, method, row, key in (
        ("code", "code", (1, 1, 1, 1), 2), ("type", "type", (1, 1, 1, 1), 1),
        ("cfunction", "cfunction", (1, 1, 1), 2),
        ("stack", "stack", (1, 0, 1, 1), 2),
        ("thread", "thread", (1, 1, 1, 1), 3),
        ("class-stack", "class_", (60, 12, 0, 1, 1, 1), 3),
        ("class-type", "class_", (60, 12, 0, 1, 1, 1), 4),
        ("class-cfunction", "class_", (60, 12, 0, 1, 1, 1), 5)):
    bad("refers-over-limit-" + name, "A table refers to id 2^24.", method,
        row, change={key: 1 << 24})
bad("refers-over-limit-call-class", "A class of 2^24.", "call", call_rows,
    change={0: 1 << 24})
bad("refers-over-limit-call-thread", "A thread of 2^24.", "call", call_rows,
    change={2: M64})
bad("refers-over-limit-alloc-stack", "A stack of 2^24.", "alloc", alloc_rows,
    change={7: 1 << 24})
bad("refers-over-limit-alloc-thread", "A thread of 2^32.", "alloc",
    alloc_rows, change={2: 1 << 32})


def alloc_is(name, doc, rows=None, **kw):
    bad("alloc-" + name, doc, "alloc", rows or alloc_rows, **kw)


def pairs():
    """Made, given back, made: in model 1 predicted."""
    return [{"t": 1, "op": op, "address": 64, "size": 10, "domain": "obj"}
            for op in ("malloc", "free", "malloc")]


alloc_is("op-6", "Op 6.", change={14: b"\4" * 11 + b"\x18"})
alloc_is("op-8", "Column 14 is 32.", change={14: b"\4" * 11 + b"\x20"})
alloc_is("op-constant", "Column 14 is a constant of 2^64 - 1.",
         change={14: M64})
alloc_is("op-missing", "Column 14 is missing.", change={14: None})
alloc_is("release-missing", "Column 8 is missing.", change={8: None})
alloc_is("acquire-missing", "Column 9 is missing.", change={9: None})
alloc_is("explicit-missing", "Column 10 is missing.", change={10: None})
alloc_is("explicit-short", "An explicit address is missing.", pairs,
         change={10: b""})
alloc_is("explicit-long", "An explicit address is left.", pairs,
         change={10: b"\1\1"})
alloc_is("size-short", "A size is missing.", pairs, change={6: b"\1"})
alloc_is("size-long", "A size for a record that has none.", pairs,
         change={6: b"\1\1\1"})
alloc_is("before-record-1", "A reference to record 0.", pairs,
         change={8: b"\2"})
alloc_is("before-record-1-far", "A reference of 2^64 - 1.", pairs,
         change={8: M64})
alloc_is("before-record-1-first", "Record 1 refers.", pairs,
         change={9: b"\1\1", 10: None})
alloc_is("before-record-1-model-1", "Record 3 refers to record 0.", pairs,
         model=1, change={9: b"\0\4"})
alloc_is("before-record-1-released-model-1", "Record 2 refers to record 0.",
         pairs, model=1, change={8: b"\2"})
alloc_is("empty-stack", "The prediction is from an empty stack.", pairs,
         model=1, change={9: b"\1\2", 10: None})
alloc_is("other-stack", "The prediction is of another size class.",
         lambda: [dict(r, size=10 if i < 2 else 17)
                  for i, r in enumerate(pairs())],
         model=1, change={9: b"\0\1"})
alloc_is("reused", "What would be predicted was marked as reused.",
         lambda: pairs() + pairs()[2:], model=1, change={9: b"\0\2\1"})
alloc_is("predicted-without-size", "A realloc_undo is predicted.",
         lambda: [dict(r, op=op) for r, op in zip(
             pairs(), ("malloc", "realloc_free", "realloc_undo"))],
         model=1, change={9: b"\0\1"})
alloc_is("model-1-without-sizes", "Model 1 without column 6.", pairs,
         model=1, change={6: None})
alloc_is("without-ordinal", "Envelope key 8 is missing.", pairs,
         env={8: None})
bad("object-before-record-1", "A reference to before record 1.", "object",
    object_rows, change={8: b"\7\1\0"})


bad("class-what-2", "A class of object whose `what` is 2.", "class_",
    (50, 12, 2, 0, 0, 0))
bad("class-create-odd", "A class that creates, of odd id.", "class_",
    (51, 12, 0, 0, 0, 0))
bad("class-destroy-even", "A class that destroys, of even id.", "class_",
    (50, 12, 1, 0, 0, 0))
bad("class-destroy-even-absent", "Column 2 is absent, the id is odd.",
    "class_", (51, 12, 0, 0, 0, 0), codec={2: "drop"})


@vector("invalid")
def object_class_dropped():
    """The class chunk is damaged; the objects are used without a type."""
    trace, s = begin()
    s.class_((5, 12, 1, 3, 4, 0), bad="chunk", wrong={"frame_crc": 1})
    s.classes.clear()
    s.object([{"t": 1, "class": 5, "address": 16}])
    s.end()
    return trace


bad("call-class-missing", "A call chunk without column 0.", "call",
    call_rows, codec={0: "drop"})
bad("mark-text-missing", "A mark's text is missing.", "mark",
    lambda: [{"t": 1, "text": "a"}, {"t": 2, "text": "b"}],
    change={16: ["a"]})
bad("mark-text-left", "A text without a mark.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: ["a", "b"]})
bad("mark-no-texts", "A mark chunk without texts.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: None})
bad("mark-text-type", "A mark's text is a number.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: [1]})
bad("gc-op-2", "Op 2.", "gc",
    lambda: [{"t": 1, "op": "stop", "generation": 1}], change={14: 2})
bad("gc-generation-missing", "A gc chunk without column 19.", "gc",
    lambda: [{"t": 1, "op": "stop", "generation": 1}], codec={19: "drop"})
bad("loss-cause-missing", "A loss chunk without column 14.", "loss",
    lambda: [{"t": 1, "cause": "io", "events": 1}], codec={14: "drop"})

FIGURES = ([["a", "", 0], ["b", "", 1]],
           lambda: [{"t": 1, "values": {"a": 1, "b": 2}}])
bad("sample-without-figures", "Body key 16 is missing.", "sample", *FIGURES,
    change={16: None})
bad("sample-figure-twice", "Two figures of one name.", "sample", *FIGURES,
    change={16: [["a", "", 0], ["a", "x", 0]]})
bad("sample-figure-of-2", "A figure without its sort.", "sample", *FIGURES,
    change={16: [["a", ""], ["b", "", 0]]})
bad("sample-figure-type", "A figure's sort is a text.", "sample", *FIGURES,
    change={16: [["a", "", "0"], ["b", "", 0]]})
bad("sample-figure-sort-2", "A figure's sort is 2.", "sample", *FIGURES,
    change={16: [["a", "", 2], ["b", "", 0]]})
bad("sample-column-without-figure", "Column 40 is no codec.", "sample",
    *FIGURES, change={40: "text"})
bad("sample-figures-over-limit", "1025 figures.", "sample", *FIGURES,
    change={16: [["f%d" % i, "", 0] for i in range(1025)]})
bad("heap-values-over-limit", "17 figures of 65536 records.", "chunk", "heap",
    65536, 5, 5, {1: 0, 16: [["f%d" % i, "", 0] for i in range(17)]})
SNAP = (5, "name", lambda: [{"stack": 1, "blocks": 1, "size": 1}])
bad("snapshot-t0-is-not-t1", "t0 and t1 differ.", "snapshot", *SNAP, t1=6)
bad("snapshot-without-name", "There is no name.", "snapshot", *SNAP,
    change={16: None})
bad("snapshot-without-blocks", "Column 18 is missing.", "snapshot", *SNAP,
    change={18: None})
bad("snapshot-value-over-limit", "A value of 2^63.", "snapshot", *SNAP,
    change={17: [["a", "", 1 << 63]]})
bad("snapshot-value-under-limit", "A value of -2^63 - 1.", "snapshot", *SNAP,
    change={17: [["a", "", -1 - (1 << 63)]]})
bad("snapshot-values-over-limit", "1025 values.", "snapshot", *SNAP,
    change={17: [["a", "", 1]] * 1025})
for lacking in (14, 15):
    bad("process-without-%d" % lacking, "Column %d is missing." % lacking,
        "process", processes, change={lacking: None})
bad("process-texts-short", "Nine names of ten processes.", "process",
    processes, change={18: ["x"] * 9})
bad("process-text-type", "A note is a number.", "process", processes,
    change={19: ["x"] * 9 + [1]})
bad("process-argv-short", "Arguments of nine of ten processes.", "process",
    processes, change={17: [[]] * 9})
bad("process-argv-flat", "Arguments that are a text.", "process", processes,
    change={17: [[]] * 9 + ["x"]})
bad("process-argv-type", "An argument is a number.", "process", processes,
    change={17: [["a", 1]] * 10})
LIVES = (5, 13, 0, 1, lambda: [{"address": 1, "stack": 1}])
bad("live-t0-is-not-t1", "t0 and t1 differ.", "live", *LIVES, t1=6)
bad("live-without-part", "Body key 17 is missing.", "live", *LIVES,
    change={17: None})
bad("live-without-address", "Column 24 is missing.", "live", *LIVES,
    change={24: None})
bad("live-of-mark", "A live set of a kind that has none.", "live", *LIVES,
    change={16: 17})
bad("live-part-1-of-1", "A part that is not there.", "live", *LIVES,
    change={17: 1})
bad("live-no-parts", "A live set of no parts.", "live", *LIVES,
    change={18: 0})
bad("end-clean-3", "Body key 3 of end is 3.", "end", clean=3)
for n in range(4):
    bad("end-without-%d" % n, "Body key %d of end is missing." % n, "end",
        change={n: None})


def stream_is(name, doc, change):
    """The header of a second stream is wrong; its chunks are used."""
    def act(trace, s):
        other = Stream(trace, 2, tick_ns=3)
        other.open(change=change, bad="chunk")
        other.tick_ns = 1
        marks(other, "used")
        other.end(t=30)
    invalid("stream-" + name, doc, act)


stream_is("without-version", "Body key 0 is missing.", {0: None})
stream_is("version-of-1", "The version is one number.", {0: [1]})
stream_is("version-text", "The version is a text.", {0: "1.0"})
stream_is("without-producer", "Body key 1 is missing.", {1: None})
stream_is("without-clock", "Body key 2 is missing.", {2: None})
stream_is("clock-without-tick", "The clock has no tick_ns.", {2: {0: 0}})
stream_is("tick-0", "tick_ns is 0.", {2: {0: 0, 1: 0}})
stream_is("tick-over-limit", "tick_ns is 10^9 + 1.",
          {2: {0: 0, 1: 10 ** 9 + 1}})
stream_is("rss-unit-0", "rss_unit is 0.", {2: {0: 0, 1: 1, 2: 0}})
stream_is("without-process", "Body key 3 is missing.", {3: None})
stream_is("pid-text", "The pid is a text.", {3: {0: "1"}})
stream_is("argv-number", "argv holds a number.", {3: {2: ["a", 1]}})
stream_is("boot-15", "The boot id has 15 bytes.", {4: bytes(15)})
stream_is("hooks-text", "hooks is a text.", {5: "alloc:raw"})
stream_is("filter-text", "filter is a text.", {13: "size > 1"})
stream_is("archive-short", "The digest in archive has 31 bytes.",
          {14: {0: bytes(31), 1: 1}})
stream_is("archive-half", "archive has no number of records.",
          {14: {0: bytes(32)}})
stream_is("archive-list", "archive is a list.", {14: [bytes(32), 1]})
stream_is("filter-number", "filter holds a number.", {13: ["a", 1]})
stream_is("settings-number", "A setting is a number.", {6: {"a": 1}})
stream_is("settings-twice", "A setting stands twice.",
          {6: Raw(b"\xa2\x61a\x61b\x61a\x61c")})
stream_is("session-text", "The session is a text.", {7: "s" * 16})
stream_is("without-uuid", "Body key 9 is missing.", {9: None})
stream_is("uuid-of-another", "The UUID's first bytes are not key 1.",
          {9: bytes(16)})
stream_is("without-start", "Body key 10 is missing.", {10: None})
stream_is("start-of-2", "start has two numbers.", {10: [1, 2]})
stream_is("start-2-63", "The real time at the start is 2^63.",
          {10: [1, 1 << 63, 3]})
stream_is("start-negative", "The monotonic time is negative.",
          {10: [-1, 2, 3]})
stream_is("part-2-32", "The part is 2^32.", {11: 1 << 32})
stream_is("part-negative", "The part is below 0.", {11: -1})
stream_is("part-text", "The part is a text.", {11: "1"})
stream_is("before-array", "`before` is no map.", {11: 1, 12: [10, 1]})
stream_is("before-text", "A number of records is a text.",
          {11: 1, 12: {13: "1"}})
stream_is("before-negative", "A number of records is below 0.",
          {11: 1, 12: {13: -1}})
stream_is("before-twice", "A kind stands twice in `before`.",
          {11: 1, 12: Raw(b"\xa2\x0d\x01\x0d\x01")})
