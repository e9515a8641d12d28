"""pip builds pmtrace from a source distribution, with flags of its own, in a
fresh virtual environment with its own pip; and what a machine without a
compiler is told."""
# RUN: once

import os
import sys
import tarfile

from recorder_support import PYTHON, check, equal, finish, path, run, skip

SOURCE = os.environ["PMT_SOURCE"]
PACKAGING = os.path.join(SOURCE, "recorder", "packaging")
HIDDEN = ("PYTHONPATH", "MAKEFLAGS", "PMT_BUILD_DIR")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
           "PIP_CONFIG_FILE": os.devnull}


def backend(call, env=None):
    code = ("import sys; sys.path.insert(0, %r); import backend; "
            "print(backend.%s)" % (PACKAGING, call))
    return run([PYTHON, "-B", "-c", code], env=env, remove=HIDDEN,
               cwd=path("."))


def without(missing):
    """A folder with links to all programs on PATH but these."""
    folder = path("without-" + "-".join(missing))
    os.makedirs(folder)
    for where in os.environ["PATH"].split(":"):
        for name in os.listdir(where) if os.path.isdir(where) else ():
            link = os.path.join(folder, name)
            if name not in missing and not os.path.lexists(link):
                os.symlink(os.path.join(where, name), link)
    return folder


def tools():
    for missing, word in ((["cc", "gcc"], "gcc"), (["make"], "make"),
                          (["pkg-config"], "pkg-config")):
        result = backend("build_wheel('.')",
                         env={"PATH": without(missing), "CC": "cc"})
        equal((result.status, result.out), (1, ""), "without " + word)
        check(len(result.err.splitlines()) == 1 and word in result.err,
              "without %s it says %r" % (word, result.err))
    empty = path("no-libraries")
    os.makedirs(empty)
    result = backend("build_wheel('.')", env={"PKG_CONFIG_LIBDIR": empty})
    equal((result.status, result.out), (1, ""), "without libraries")
    check(len(result.err.splitlines()) == 1 and "libzstd-dev" in result.err and
          "libcbor-dev" in result.err, "it says %r" % result.err)


def source():
    result = backend("build_sdist('.')")
    equal(result.status, 0, "build_sdist: " + result.err)
    name = result.out.strip()
    with tarfile.open(path(name)) as tar:
        names = tar.getnames()
    top = name[:-len(".tar.gz")]
    for wanted in ("PKG-INFO", "pyproject.toml", "Makefile", "LICENSE",
                   "recorder/packaging/backend.py",
                   "recorder/pmtrace/py.typed", "spec/trace-format.md"):
        check(top + "/" + wanted in names, "not in the source: " + wanted)
    equal([n for n in names if n.endswith((".pyc", ".o", ".so"))], [],
          "what was built is in the source")
    return path(name)


def install(archive):
    venv = path("venv")
    result = run([PYTHON, "-m", "venv", venv], remove=HIDDEN)
    if result.status:
        skip("this interpreter makes no virtual environment with pip")
    python = os.path.join(venv, "bin", "python")
    result = run([python, "-m", "pip", "install", archive], env=OFFLINE,
                 remove=HIDDEN, cwd=path("."), timeout=600)
    equal(result.status, 0, "pip install: " + result.out + result.err)
    trace = path("x.pmt")
    result = run([os.path.join(venv, "bin", "pmt"), "record", "-v", "-o",
                  trace, "--", python, "-c", "print(1)"], remove=HIDDEN)
    equal((result.status, result.out), (0, "1\n"), "pmt record")
    check("records" in result.err, "pmt record -v says %r" % result.err)
    result = run([os.path.join(venv, "bin", "pmt-check"), trace])
    equal(result.status, 0, "pmt-check: " + result.out + result.err)
    result = run([python, "-m", "pip", "uninstall", "-y", "pmtrace"],
                 env=OFFLINE, remove=HIDDEN)
    equal(result.status, 0, "pip uninstall")
    left = [name for where, _, names in os.walk(venv) for name in names
            if "pmt" in name]
    equal(left, [], "what uninstalling leaves")


tools()
install(source())
finish()
