"""What the tests of the specification share."""

import contextlib
import glob
import hashlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SPEC = os.path.join(SOURCE, "spec")


MEMORY = 64 << 20       # what a reader may take, whatever a file claims


def skip(why):
    print(why)
    sys.exit(77)


def need_libraries():
    """Goes on under an interpreter that has cbor2 and zstandard, or skips."""
    try:
        import cbor2        # noqa: F401
        import zstandard    # noqa: F401
        return
    except ImportError:
        pass
    if not os.environ.get("PMT_SPEC_AGAIN"):
        os.environ["PMT_SPEC_AGAIN"] = "1"
        for python in (os.environ.get("PMT_CBOR_PYTHON"), "/usr/bin/python3"):
            if python and os.access(python, os.X_OK):
                os.execv(python, [python] + sys.argv)
    skip("no Python with cbor2 and zstandard")


def load(name):
    """A script of spec/ as a module."""
    path = os.path.join(SPEC, name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pmt():
    """Path of the built `pmt`, or None."""
    path = os.path.join(os.environ.get("PMT_BUILD", ""), "bin", "pmt")
    return path if os.access(path, os.X_OK) else None


class Vector:
    """One vector: its trace and what is expected of it."""

    def __init__(self, path):
        self.path = path
        self.folder = os.path.basename(os.path.dirname(path))
        self.name = self.folder + "/" + os.path.basename(path)[:-4]
        with open(path[:-4] + ".expect", encoding="ascii") as file:
            self.expect = json.load(file)
        self.text = None
        if os.path.exists(path[:-4] + ".json"):
            with open(path[:-4] + ".json", "rb") as file:
                self.text = file.read()

    def data(self):
        with open(self.path, "rb") as file:
            return file.read()

    def wrong(self, output):
        """What differs in a reader's output, or None."""
        if self.text is not None and output != self.text:
            return first_difference(self.text, output)
        if hashlib.sha256(output).hexdigest() != self.expect["sha256"]:
            return "sha256 of %d lines differs" % output.count(b"\n")
        return None


def vectors(folder="*"):
    found = sorted(glob.glob(os.path.join(SPEC, "vectors", folder, "*.pmt")))
    if not found:
        print("no vectors in spec/vectors")
        sys.exit(1)
    return [Vector(path) for path in found]


def first_difference(want, got):
    want, got = want.split(b"\n"), got.split(b"\n")
    for i, (a, b) in enumerate(zip(want, got), 1):
        if a != b:
            return "line %d\n    expected %s\n    printed  %s" % (
                i, a.decode()[:300], b.decode()[:300])
    return "%d lines expected, %d printed" % (len(want) - 1, len(got) - 1)


def decode(module, data, name):
    """(exit status, output, messages) of decode.py on bytes."""
    out = io.BytesIO()
    messages = io.StringIO()
    with contextlib.redirect_stderr(messages):
        status = module.Reader(data, name, out).run()
    return status, out.getvalue(), messages.getvalue()


def dump(program, path):
    """(exit status, output, messages) of `pmt dump --json`, in 64 MiB."""
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    done = subprocess.run([program, "dump", "--json", path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, check=False,
                          preexec_fn=None if "san" in program else limit)
    return done.returncode, done.stdout, done.stderr.decode("utf-8",
                                                            "replace")


class Failures:
    """Counts and prints what failed."""

    def __init__(self):
        self.count = 0

    def add(self, what):
        self.count += 1
        if self.count <= 200:
            print("FAIL " + what)

    def end(self, done):
        print("%s, %d failed" % (done, self.count))
        sys.exit(1 if self.count else 0)
