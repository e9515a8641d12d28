#!/usr/bin/env python3
"""Every prefix and every flipped bit of a trace has one outcome (section 9).

decode.py reads each prefix of some vectors: all whole chunks are used, the
cut is reported as truncated at the right frame.  It reads them with each bit
flipped: something is reported, and at most one chunk is not used.
`pmt dump --json` must print the same for a part of them (all of them when
PMT_SPEC_EVERY is 1).
"""

import io
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

common.need_libraries()
decode = common.load("decode")

EVERY = int(os.environ.get("PMT_SPEC_EVERY", "23"))


class Quiet(decode.Reader):
    """A reader that keeps what it found: chunks used, damage."""

    def __init__(self, data):
        decode.Reader.__init__(self, data, "-", io.BytesIO())
        self.used = []
        self.found = []

    def say(self, what):
        pass

    def damage(self, offset, why, status="corrupt"):
        self.found.append((status, offset))
        decode.Reader.damage(self, offset, why, status)

    def chunk(self, content, *label):
        decode.Reader.chunk(self, content, *label)
        self.used.append(bytes(content))


def read(data):
    reader = Quiet(data)
    return reader, reader.run()


class Compare:
    """Runs `pmt dump --json` on every so many of the cases."""

    def __init__(self, failures):
        self.failures = failures
        self.program = common.pmt()
        self.file = tempfile.NamedTemporaryFile(suffix=".pmt")
        self.cases = self.done = 0

    def __call__(self, data, reader, what):
        self.cases += 1
        if not self.program or self.cases % EVERY:
            return
        self.done += 1
        with open(self.file.name, "wb") as file:
            file.write(data)
        status, output, _ = common.dump(self.program, self.file.name)
        if output != reader.out.getvalue():
            self.failures.add("pmt dump: %s: %s" % (
                what, common.first_difference(reader.out.getvalue(),
                                              output)))
        elif status not in (0, 1, 2):
            self.failures.add("pmt dump: %s: ended by %d" % (what, status))


def frames(data):
    """[(offset, offset behind)] of the frames of a sound trace; a label and
    its data frame are one."""
    found = []
    at = 0
    while at < len(data):
        start = at
        if data[at:at + 4] == decode.LABEL:
            at += 72
        if data[at:at + 4] == decode.DATA:
            at += decode.Frame(data, at, len(data)).length
        else:
            at += 8 + int.from_bytes(data[at + 4:at + 8], "little")
        found.append((start, at))
    return found


def prefixes(vector, failures, compare):
    data = vector.data()
    spans = frames(data)
    for n in range(1, len(data)):
        what = "%s cut to %d bytes" % (vector.name, n)
        reader, status = read(data[:n])
        cut = [start for start, end in spans if start < n < end]
        whole = sum(1 for start, end in spans if end <= n and
                    data[start:start + 4] != decode.INDEX)
        if status != 0:
            failures.add("%s: exit status %d" % (what, status))
        if reader.found != [("truncated", start) for start in cut]:
            failures.add("%s: reports %s" % (what, reader.found))
        if len(reader.used) != whole:
            failures.add("%s: %d chunks used, %d are whole"
                         % (what, len(reader.used), whole))
        compare(data[:n], reader, what)


def flips(vector, failures, compare, first=0, last=None):
    data = vector.data()
    spans = frames(data)
    used = read(data)[0].used
    for n in range(8 * first, 8 * (len(data) if last is None else last)):
        at, bit = divmod(n, 8)
        what = "%s, bit %d of byte %d flipped" % (vector.name, bit, at)
        wrong = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]
        reader, _ = read(wrong)
        if not reader.found:
            failures.add("%s: not noticed" % what)
            continue
        span = [s for s in spans if s[0] <= at < s[1]][0]
        if not span[0] <= reader.found[0][1] < span[1]:
            failures.add("%s: reported at %d" % (what, reader.found[0][1]))
        rest = list(used)
        strange = [c for c in reader.used if c not in rest or
                   rest.remove(c)]
        if strange:
            failures.add("%s: a chunk that is none was used" % what)
        if len(rest) > 1:
            failures.add("%s: %d chunks lost" % (what, len(rest)))
        compare(wrong, reader, what)


def main():
    failures = common.Failures()
    compare = Compare(failures)
    vectors = {v.name.split("/")[1]: v for v in common.vectors("valid")}
    for name in ("worked-example", "no-labels", "two-files"):
        prefixes(vectors[name], failures, compare)
        flips(vectors[name], failures, compare)
    packed = vectors["compressed"]
    start, end = max(frames(packed.data())[:-1],
                     key=lambda span: span[1] - span[0])
    flips(packed, failures, compare, start, end)
    # a class chunk, on which the object chunk behind it depends
    every = vectors["every-kind"]
    start, end = [span for span in frames(every.data())
                  if every.data()[span[0] + 14] == decode.CLASS][0]
    flips(every, failures, compare, start, end)
    failures.end("%d prefixes and flips, %d of them by pmt dump"
                 % (compare.cases, compare.done))


main()
