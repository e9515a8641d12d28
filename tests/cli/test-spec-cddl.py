#!/usr/bin/env python3
"""spec/trace.cddl takes every chunk of every valid vector, and no wrong one.

The checker is tests/spec/cddl_check.py.  That it can say no: each known key
of chunks of every kind is taken away or given a wrong type, and many of the
invalid vectors hold a chunk that the schema must refuse.  Where the tool
`cddl-verify` (PyPI: cddl-verifier) is installed, it is asked as well.
"""

import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import cddl_check  # noqa: E402
import common  # noqa: E402

common.need_libraries()
decode = common.load("decode")

# Invalid vectors of which a chunk breaks the schema itself; in the others it
# is only the text that does.
REFUSED = """
cbor-array cbor-integer cbor-other-tag cbor-tagged cbor-stream-without-tag
envelope-key-?-missing envelope-key-15-missing
envelope-key-*-type envelope-count-over-limit envelope-count-2-60
envelope-align-5 envelope-model-2 envelope-model-1-in-mark
envelope-features-empty envelope-features-type envelope-kind-2-32
envelope-object-model-1 envelope-unknown-kind-body envelope-end-count
column-text column-negative column-float column-true column-null
column-big-integer column-map column-u16-big-endian column-s16
column-fixed-of-text column-planes-alone column-planes-and-more
column-planes-of-text column-codec-* column-empty-array column-missing
column-time-missing string-not-text string-tagged string-no-array
string-missing string-over-limit id-missing stack-parent-missing
anchor-without-clock alloc-op-missing call-class-missing mark-no-texts
mark-text-type gc-generation-missing loss-cause-missing
sample-without-figures sample-figure-of-2 sample-figure-type
sample-figure-sort-2 sample-column-without-figure live-of-mark live-no-parts
end-clean-3 string-later-and-short code-later-and-text
sample-figures-over-limit snapshot-without-* snapshot-value-*
snapshot-values-over-limit live-without-* end-without-* stream-without-*
stream-rss-unit-0 stream-version-*
stream-clock-without-tick stream-tick-* stream-pid-text
stream-argv-number stream-boot-15 stream-hooks-text stream-settings-number
stream-filter-*
stream-session-text stream-start-* major-version-2
major-version-2-among-others
""".split()


class Chunks(decode.Reader):
    """Collects the contents of all data frames that are sound as frames."""

    def say(self, what):
        pass

    def chunk(self, content, *label):
        self.contents.append(bytes(content))

    @classmethod
    def of(cls, data):
        import io
        reader = cls(data, "-", io.BytesIO())
        reader.contents = []
        reader.run()
        return reader.contents


def items(contents):
    found = []
    for content in contents:
        try:
            item, end = cddl_check.decode(content)
        except (ValueError, IndexError, RecursionError):
            continue            # no well-formed item: not the schema's
        if end == len(content):
            found.append(item)
    return found


def check_valid(schema, failures):
    count = 0
    for vector in common.vectors("valid"):
        for n, item in enumerate(items(Chunks.of(vector.data()))):
            count += 1
            if not schema.check(item):
                failures.add("%s: chunk %d is not of the schema"
                             % (vector.name, n))
    return count


def check_invalid(schema, failures):
    count = 0
    met = set()
    for vector in common.vectors("invalid"):
        name = vector.name.split("/")[1]
        patterns = [p for p in REFUSED if fnmatch.fnmatch(name, p)]
        met.update(patterns)
        if patterns:
            count += 1
            if all(map(schema.check, items(Chunks.of(vector.data())))):
                failures.add("%s: the schema takes it" % vector.name)
    for pattern in set(REFUSED) - met:
        failures.add("no vector %s" % pattern)
    return count


def changed(item, known):
    """Copies of a chunk, each with one known key missing or wrong."""
    chunk = item.inner if item.major == "tag" else item
    wrong = cddl_check.Item("simple", 22)

    def rebuilt(pairs):
        made = cddl_check.Item("map", pairs)
        if item.major == "tag":
            made = cddl_check.Item("tag", item.value, made)
        return made
    for i, (key, value) in enumerate(chunk.value):
        rest = chunk.value[:i], chunk.value[i + 1:]
        yield key.value, rebuilt(rest[0] + [(key, wrong)] + rest[1])
        if key.value in known["must"]:
            yield key.value, rebuilt(rest[0] + rest[1])
        if key.value != 15:
            continue
        for j, (column, _) in enumerate(value.value):
            body = list(value.value)
            body[j] = (column, wrong)
            yield (15, column.value), rebuilt(
                rest[0] + [(key, cddl_check.Item("map", body))] + rest[1])


def check_changed(schema, failures):
    """Every key of every-kind is known, so that null is wrong for each."""
    count = 0
    kinds = set()
    path = os.path.join(common.SPEC, "vectors", "valid", "every-kind.pmt")
    for item in items(Chunks.of(common.Vector(path).data())):
        chunk = item.inner if item.major == "tag" else item
        kinds.add(chunk.value[0][1].value)
        for key, wrong in changed(item, {"must": (0, 1, 2, 3, 4, 5, 7, 9,
                                                  15)}):
            count += 1
            if schema.check(wrong):
                failures.add("kind %d: a wrong or missing key %s is taken"
                             % (chunk.value[0][1].value, key))
    if kinds != set(range(1, 23)):
        failures.add("every-kind does not hold every kind")
    return count


def check_by_tool(failures):
    """One chunk of every kind, and a wrong one, by cddl-verify."""
    tool = shutil.which("cddl-verify")
    if not tool:
        return "no cddl-verify"

    def taken(content):
        file.seek(0)
        file.truncate()
        file.write(content)
        file.flush()
        done = subprocess.run(
            [tool, "-o", os.devnull,
             os.path.join(common.SPEC, "trace.cddl"), file.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        # its exit status is 0 also where it finds an error
        return done.returncode == 0 and b"[ERROR]" not in done.stdout
    folder = os.path.join(common.SPEC, "vectors")
    right = Chunks.of(common.Vector(os.path.join(
        folder, "valid", "every-kind.pmt")).data())
    wrong = Chunks.of(common.Vector(os.path.join(
        folder, "invalid", "column-text.pmt")).data())
    with tempfile.NamedTemporaryFile(suffix=".cbor") as file:
        for n, content in enumerate(right):
            if not taken(content):
                failures.add("cddl-verify: every-kind: chunk %d" % n)
        if all(map(taken, wrong)):
            failures.add("cddl-verify: takes column-text")
    return "%d by cddl-verify" % len(right)


def main():
    failures = common.Failures()
    with open(os.path.join(common.SPEC, "trace.cddl"),
              encoding="utf-8") as file:
        schema = cddl_check.Schema(file.read())
    valid = check_valid(schema, failures)
    invalid = check_invalid(schema, failures)
    wrong = check_changed(schema, failures)
    tool = check_by_tool(failures)
    failures.end("%d chunks, %d invalid vectors, %d changed chunks, %s"
                 % (valid, invalid, wrong, tool))


main()
