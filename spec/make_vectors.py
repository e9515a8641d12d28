#!/usr/bin/env python3
"""make_vectors.py - writes the test vectors of the trace format.

    usage: make_vectors.py [DIRECTORY]      (default: vectors beside this file)
           make_vectors.py --example        the annex of trace-format.md

Writes DIRECTORY/valid and DIRECTORY/invalid. For each vector:

    NAME.pmt     the trace
    NAME.json    what a reader prints (section 12), made from the records
                 that were put in, not by a reader; left out where long
    NAME.expect  one JSON object: status, offset and count of the first
                 damage, exit status of decode.py, lines and sha256 of what
                 a reader prints, and what the vector shows

The encoder here is written from trace-format.md and shares no code with
libpmt or decode.py. It needs nothing but Python 3.8: frames are stored (raw
and run-length blocks), so the files are the same everywhere. `compressed`
alone holds frames that zstd 1.5.4 made; the generator keeps them as they are.
Its parts are in generator/.
"""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generator import (  # noqa: E402
    annex, invalid_chunks, invalid_files, valid_chunks, valid_files,
    valid_limits, valid_parts)
from generator.encode import dumps  # noqa: E402
from generator.parts import VECTORS  # noqa: E402

MODULES = (valid_chunks, valid_files, valid_limits, valid_parts,
           invalid_files, invalid_chunks)
example = annex.example

# ---- the files -----------------------------------------------------------

LONG = 1 << 16      # a longer .json is left out


def outcome(folder, doc, trace):
    """(text of .json, object of .expect)"""
    text = "".join(dumps(line) + "\n" for line in trace.lines)
    if not trace.lines:
        status = "not a trace"
    elif trace.refused:
        status = "refused"
    elif any(status == "corrupt" for status, _ in trace.damage):
        status = "corrupt"
    elif trace.damage:
        status = "truncated"
    else:
        status = "whole"
    expect = {
        "shows": doc, "status": status,
        "offset": trace.damage[0][1] if trace.damage else None,
        "damage": len(trace.damage),
        "exit": {"not a trace": 2, "refused": 2, "corrupt": 1}.get(status, 0),
        "lines": len(trace.lines),
        "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert (status in ("whole", "truncated")) == (folder == "valid"), doc
    return text, expect


def make(directory):
    """Writes all vectors; returns their number."""
    names = set()
    for folder, name, doc, function in VECTORS:
        assert (folder, name) not in names, name
        names.add((folder, name))
        trace = function()
        text, expect = outcome(folder, doc, trace)
        base = os.path.join(directory, folder, name)
        os.makedirs(os.path.dirname(base), exist_ok=True)
        with open(base + ".pmt", "wb") as file:
            file.write(trace.data)
        if len(text) <= LONG:
            with open(base + ".json", "w", encoding="ascii") as file:
                file.write(text)
        with open(base + ".expect", "w", encoding="ascii") as file:
            file.write(json.dumps(expect, indent=1) + "\n")
    return len(names)


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    if argv[1:] == ["--example"]:
        print(example())
        return 0
    if len(argv) > 2:
        sys.stderr.write(__doc__)
        return 2
    print("%d vectors" % make(argv[1] if len(argv) == 2 else
                              os.path.join(here, "vectors")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
