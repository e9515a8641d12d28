"""Programs nobody here wrote: what they print and how they end is the same
with and without the recorder, and their traces are whole."""
# MODE: alloc,object

import json
import marshal
import os
import re
import shutil
import sys
import sysconfig

from recorder_support import (PYTHON, check, equal, finish, path, plain,
                              record, run, write)

MODES = ("alloc", "object")[:2 if sys.version_info >= (3, 13) else 1]
LIBRARY = sysconfig.get_path("stdlib")


def files(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), "rb") as file:
                data = file.read()
            # How marshal writes a constant depends on how many refer to it
            #; what it reads is the same.
            if name.endswith(".pyc"):
                data = data[:16], marshal.loads(data[16:])
            found[os.path.relpath(os.path.join(where, name), folder)] = data
    return found


def timeless(text):
    """Without the one thing that differs between runs: how long it took."""
    return re.sub(r"Ran (\d+ tests?) in [0-9.]+s", r"Ran \1", text)


def compare(what, words, mode, made=None, **how):
    """`made`: a folder the program writes into, emptied before each run."""
    results = []
    name = path("%s-%s.pmt" % (what, mode))
    for recorded in (False, True):
        if made:
            shutil.rmtree(made, ignore_errors=True)
            prepare(made)
        run_it = (lambda: record(name, *words, options=["--mode", mode],
                                 **how)) if recorded else \
            (lambda: plain(*words, **how))
        result = run_it()
        results.append((result.status, timeless(result.out),
                        timeless(result.err), files(made) if made else None))
    equal(results[1][:3], results[0][:3], "%s, %s" % (what, mode))
    check(results[1][3] == results[0][3], what + ": other files")
    checked = run(["pmt", "check", name])
    check(checked.status == 0 and "sound" in checked.out,
          "%s, %s: pmt check: %s%s" % (what, mode, checked.out, checked.err))
    live = run(["pmt", "live", "--json", "--top", "5", name])
    check(live.status == 0 and not live.err,
          "%s, %s: pmt live: %s" % (what, mode, live.err))
    head = json.loads(live.out.splitlines()[0]) if live.out else {}
    check(head.get("created", 0) > 1000 and head.get("lost") == 0,
          "%s, %s: live says %s" % (what, mode, head))
    print("%s, %s: status %s, %d bytes of trace; %s" % (
        what, mode, results[0][0], os.path.getsize(name),
        checked.out.strip().split(": ", 1)[-1]))
    os.unlink(name)


def prepare(folder):
    """A part of the standard library, each file as old as all others."""
    os.makedirs(folder)
    for name in ("json", "logging", "email/mime", "textwrap.py", "shlex.py"):
        source = os.path.join(LIBRARY, name)
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(
                "__pycache__"))
        else:
            shutil.copy(source, target)
    for where, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(where, name), (1500000000, 1500000000))


def main():
    folder = path("library")
    large = write("large.json", json.dumps(
        [{"id": i, "name": "name %d" % i, "values": [i / 7, None, True],
          "text": "\u20ac" * (i % 9)} for i in range(4000)]))
    docs = path("docs")
    os.makedirs(docs)
    has_tests = plain("-c", "import test.test_textwrap, test.test_json"
                      ).status == 0
    if not has_tests:
        print("CPython's own tests are not installed here")
    for mode in MODES:
        compare("compileall", ["-m", "compileall", folder], mode, made=folder,
                env={"PYTHONDONTWRITEBYTECODE": ""})
        compare("json.tool", ["-m", "json.tool", large], mode)
        if sys.version_info >= (3, 9):
            compare("ast", ["-m", "ast", os.path.join(LIBRARY, "shlex.py")],
                    mode)
        else:
            compare("tokenize", ["-m", "tokenize",
                                 os.path.join(LIBRARY, "shlex.py")], mode)
        compare("pydoc", ["-m", "pydoc", "-w", "textwrap"], mode, cwd=docs)
        compare("a traceback", ["-m", "json.tool", "/dev/null"], mode)
        if has_tests:
            compare("unittest", ["-m", "unittest", "test.test_textwrap",
                                 "test.test_json.test_decode"], mode)
    finish()


main()
