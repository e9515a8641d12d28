"""The independent reader, spec/decode.py, prints of fresh recordings line by
line what `pmt dump --json` prints; and `zstd -dc` of a trace is a sequence
that an ordinary CBOR library reads to its end."""

import os
import shutil
import sys

from recorder_support import check, finish, path, record, run, skip, write

# Every operation, two threads, marks, and a raise.
PROGRAM = """\
import sys, threading, pmtrace
def work(n):
    global kept
    kept = [[str(i)] * 3 for i in range(n)]
    for i in range(200):
        kept[i].extend(range(i))
threads = [threading.Thread(target=work, args=(400,)) for i in range(2)]
for t in threads: t.start()
for t in threads: t.join()
pmtrace.mark("one \\u20ac")
def deep(n):
    return deep(n - 1) if n else [n]
deep(20)
pmtrace.mark("two")
if "kill" in sys.argv:
    import os
    os.kill(os.getpid(), 9)
"""

SEQUENCE = """\
import cbor2, sys
file = sys.stdin.buffer
whole = file.read()
import io
file = io.BytesIO(whole)
items = 0
while file.tell() < len(whole):
    cbor2.load(file)
    items += 1
print(items, len(whole))
"""


def agree(name, what):
    ours = run(["pmt", "dump", "--json", name])
    theirs = run([READER, os.path.join(os.environ["PMT_SOURCE"], "spec",
                                       "decode.py"), name])
    one, other = ours.out.splitlines(), theirs.out.splitlines()
    check(ours.status == theirs.status == 0, "%s: status %s and %s: %s%s"
          % (what, ours.status, theirs.status, ours.err, theirs.err))
    check(len(one) > 1000, what + ": %d lines" % len(one))
    for i, pair in enumerate(zip(one, other)):
        if pair[0] != pair[1]:
            check(False, "%s: line %d:\n  pmt dump  %s\n  decode.py %s"
                  % (what, i + 1, pair[0], pair[1]))
            break
    check(len(one) == len(other), "%s: %d lines and %d"
          % (what, len(one), len(other)))
    print("%s: %d lines agree" % (what, len(one)))


def sequence(name, what):
    zstd = shutil.which("zstd")
    if not zstd:
        print("no zstd program")
        return
    result = run(["sh", "-c", 'zstd -dc "$1" | "$2" -c "$3"', "sh", name,
                  READER, SEQUENCE])
    check(result.status == 0 and not result.err and
          int(result.out.split()[0]) >= 5,
          "%s: zstd -dc: %s%s" % (what, result.out, result.err))
    print("%s: items, bytes: %s" % (what, result.out.strip()))


READER = os.environ.get("PMT_CBOR_PYTHON")
if not READER:
    skip("no interpreter with cbor2 and zstandard")
script = write("program.py", PROGRAM)
for mode in ("alloc", "object", "alloc,object")[
        :3 if sys.version_info >= (3, 13) else 1]:
    name = path(mode + ".pmt")
    result = record(name, script, options=["--mode", mode,
                                           "--chunk-records", "2000"])
    check(result.triple() == (0, "", ""), "%s: %s" % (mode, result.err))
    agree(name, mode)
    sequence(name, mode)
# A trace that its journal finishes: after recovery both read the same.
name = path("killed.pmt")
record(name, script, "kill")
check(run(["pmt", "recover", "-o", name + ".whole", name]).status == 0,
      "pmt recover")
agree(name + ".whole", "recovered")
finish()
