#!/usr/bin/env python3
"""The annex of the specification and the vectors are what they say they are.

The hex of the annex is the worked example; the generator still makes the
vectors that are in the tree; each decompressed vector is a CBOR sequence
that an ordinary library reads.
"""

import filecmp
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

common.need_libraries()

HEX = re.compile(r"([0-9a-f]{4})  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  |$)")


def annex():
    with open(os.path.join(common.SPEC, "trace-format.md"),
              encoding="utf-8") as file:
        text = file.read()
    return text[text.index("## Annex A"):]


def check_annex(failures, generator):
    text = annex()
    data = bytearray()
    for line in text.splitlines():
        match = HEX.match(line)
        if match:
            if int(match.group(1), 16) != len(data):
                failures.add("annex: offset %s" % match.group(1))
            data += bytes.fromhex(match.group(2))
    path = os.path.join(common.SPEC, "vectors", "valid",
                        "worked-example.pmt")
    with open(path, "rb") as file:
        if file.read() != data:
            failures.add("annex: its hex is not worked-example.pmt")
    if generator.example() not in text:
        failures.add("annex: not what make_vectors.py --example prints")


def check_generator(failures, generator):
    """The vectors in the tree are those that the generator makes."""
    with tempfile.TemporaryDirectory() as made:
        generator.make(made)
        for folder in ("valid", "invalid"):
            here = os.path.join(common.SPEC, "vectors", folder)
            there = os.path.join(made, folder)
            names = sorted(set(os.listdir(here)) | set(os.listdir(there)))
            _, differ, missing = filecmp.cmpfiles(here, there, names,
                                                  shallow=False)
            for name in differ + missing:
                failures.add("vectors: %s/%s is not as make_vectors.py "
                             "makes it" % (folder, name))


def check_sequence(failures):
    """zstd and a CBOR library alone read every whole vector."""
    import collections.abc
    import io

    import cbor2
    import zstandard
    count = 0
    for vector in common.vectors("valid"):
        if vector.expect["status"] != "whole":
            continue
        stream = zstandard.ZstdDecompressor().stream_reader(
            io.BytesIO(vector.data()), read_across_frames=True)
        content = stream.read()
        if content[:3] != b"\xd9\xd9\xf7" and not vector.name.endswith(
                ("first-of-stream-is-not-its-header", "tag-in-wide-form")):
            failures.add("%s: does not begin with D9 D9 F7" % vector.name)
        file = io.BytesIO(content)
        chunks = 0
        while file.tell() < len(content):
            item = cbor2.load(file)
            if isinstance(item, cbor2.CBORTag):     # 55799, to some versions
                item = item.value
            if (not isinstance(item, collections.abc.Mapping)
                    or 15 not in item):
                failures.add("%s: chunk %d is no map with a body"
                             % (vector.name, chunks))
                break
            chunks += 1
        count += 1
    return count


def main():
    failures = common.Failures()
    generator = common.load("make_vectors")
    check_annex(failures, generator)
    check_generator(failures, generator)
    count = check_sequence(failures)
    failures.end("annex, generator, %d CBOR sequences" % count)


main()
