#!/usr/bin/env python3
"""Both readers print for every vector what its .json and .expect say.

spec/decode.py and `pmt dump --json` are compared with the lines that the
generator made from its own records, and so with each other, line by line.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

common.need_libraries()


def check_decode(module, vector, failures):
    status, output, messages = common.decode(module, vector.data(),
                                             vector.path)
    expect = vector.expect
    wrong = vector.wrong(output)
    if wrong:
        failures.add("decode.py: %s: %s\n%s" % (vector.name, wrong, messages))
    elif status != expect["exit"]:
        failures.add("decode.py: %s: exit status %d, expected %d"
                     % (vector.name, status, expect["exit"]))
    elif status == 2 and not messages.strip():
        failures.add("decode.py: %s: refused without a word" % vector.name)
    elif expect["status"] in ("truncated", "corrupt"):
        first = "%s at byte %d: " % (
            "truncated" if expect["status"] == "truncated" else "corrupt",
            expect["offset"])
        if first not in messages:
            failures.add("decode.py: %s: no message '%s' in %s"
                         % (vector.name, first, messages))
    return output


def check_dump(program, vector, decoded, failures):
    status, output, messages = common.dump(program, vector.path)
    wrong = vector.wrong(output)
    if wrong:
        failures.add("pmt dump: %s: %s\n%s" % (vector.name, wrong, messages))
    elif output != decoded:
        failures.add("pmt dump differs from decode.py: %s: %s" % (
            vector.name, common.first_difference(decoded, output)))
    elif status not in (0, 1, 2):
        failures.add("pmt dump: %s: ended by %d" % (vector.name, status))
    elif vector.expect["exit"] == 2 and (status != 2 or not messages):
        failures.add("pmt dump: %s: not refused" % vector.name)
    elif vector.expect["exit"] == 0 and status != 0:
        failures.add("pmt dump: %s: exit status %d" % (vector.name, status))
    elif vector.expect["exit"] == 1 and status == 0:
        failures.add("pmt dump: %s: damage, but exit status 0" % vector.name)
    elif vector.expect["status"] == "truncated" and not messages:
        failures.add("pmt dump: %s: truncated without a word" % vector.name)


def main():
    module = common.load("decode")
    failures = common.Failures()
    vectors = common.vectors()
    program = common.pmt()
    for vector in vectors:
        decoded = check_decode(module, vector, failures)
        if program:
            check_dump(program, vector, decoded, failures)
    if not program and not failures.count:
        common.skip("%d vectors read by decode.py; no pmt is built"
                    % len(vectors))
    failures.end("%d vectors" % len(vectors))


main()
