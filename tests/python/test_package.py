"""pip installs pmtrace into a fresh virtual environment, with build isolation
and without a network; what is there then works."""
# RUN: few

import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

from recorder_support import (PYTHON, Trace, check, equal, finish, path, run,
                              skip, write)

SOURCE = os.environ["PMT_SOURCE"]
VENV = path("venv")
BIN = os.path.join(VENV, "bin")
VENV_PYTHON = os.path.join(BIN, "python")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
           "PIP_CONFIG_FILE": os.devnull,
           "MAKEFLAGS": os.environ.get("PMT_MAKEFLAGS", "")}
HIDDEN = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def pip_wheels():
    """pip as the interpreters bring it, that of this one first."""
    folders = [sysconfig.get_path("stdlib")]
    found = subprocess.run(
        [os.path.join(SOURCE, "tests", "interpreters", "find"), "--all"],
        stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    for python in reversed(found):
        folders += glob.glob(os.path.join(
            os.path.dirname(os.path.dirname(python)), "lib", "python3.*"))
    return [wheel for folder in folders for wheel in glob.glob(
        os.path.join(folder, "ensurepip", "_bundled", "pip-*.whl"))] + \
        glob.glob("/usr/share/python-wheels/pip-*.whl")


def find_pip():
    for wheel in pip_wheels():
        if run([VENV_PYTHON, wheel + "/pip", "--version"],
               remove=HIDDEN).status == 0:
            return wheel + "/pip"
    return None


def build_folder():
    """A copy of what is built, in which only what differs is built again."""
    copy = path("build")
    shutil.copytree(
        os.environ["PMT_BUILD"], copy, symlinks=True,
        ignore=lambda folder, names: [n for n in names
                                      if n in ("tests", "headers")])
    return copy


def build_wheel(folder):
    """The wheel as pip would ask for it."""
    code = ("import sys; sys.path.insert(0, %r); import backend; "
            "print(backend.build_wheel(%r, {'build-dir': %r}))"
            % (os.path.join(SOURCE, "recorder", "packaging"), path("."),
               folder))
    result = run([VENV_PYTHON, "-c", code], env=OFFLINE, remove=HIDDEN)
    equal(result.status, 0, "build_wheel: " + result.err)
    return path(result.out.split()[-1])


def unpack(wheel, site):
    """What an installer does, where no pip runs (3.15 and an older pip)."""
    with zipfile.ZipFile(wheel) as file:
        for item in file.infolist():
            name = item.filename
            parts = name.split("/")
            if parts[0].endswith(".data"):
                place = os.path.join(
                    BIN if parts[1] == "scripts" else VENV, *parts[2:])
            else:
                place = os.path.join(site, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as out:
                out.write(file.read(item))
            os.chmod(place, item.external_attr >> 16 & 0o777 or 0o644)


def install():
    if run([PYTHON, "-m", "venv", "--without-pip", VENV]).status or \
            run([VENV_PYTHON, "-c", "0"], remove=HIDDEN).status:
        skip("this interpreter makes no virtual environment")
    site = run([VENV_PYTHON, "-c", "import sysconfig; "
                "print(sysconfig.get_path('platlib'))"],
               remove=HIDDEN).out.strip()
    write(os.path.join(site, "other.pth"), "# 3.15 imports for any\n")
    bare = look(VENV_PYTHON)
    pip = find_pip()
    folder = build_folder()
    if pip is not None:
        result = run([VENV_PYTHON, pip, "install", SOURCE],
                     env=dict(OFFLINE, PMT_BUILD_DIR=folder), remove=HIDDEN,
                     cwd=path("."), timeout=300)
    if pip is None or "ERROR: Exception:" in result.err:
        print("no pip works under this interpreter: the wheel is unpacked")
        unpack(build_wheel(folder), site)
    else:
        equal(result.status, 0, "pip install: " + result.out + result.err)
        platform = re.sub("[-.]", "_", sysconfig.get_platform())
        name = "cp%d%d-cp%d%d%s-%s" % (sys.version_info[:2] * 2 + (
            getattr(sys, "abiflags", ""), platform))
        with open(glob.glob(os.path.join(
                site, "pmtrace-*.dist-info", "WHEEL"))[0]) as file:
            check("Tag: %s\n" % name in file.read(), "tag is not " + name)
        equal(run([VENV_PYTHON, pip, "check"], env=OFFLINE,
                  remove=HIDDEN).status, 0, "pip check")
    equal(look(VENV_PYTHON), bare, "what a Python has imported at its start")
    return site


def look(python):
    return run([python, "-c", "import sys; print(sorted(sys.modules))"],
               remove=HIDDEN).out


def commands(site):
    version = run([os.path.join(BIN, "pmt"), "-V"]).out
    for name in run(["pmt", "--list-commands"]).out.split():
        result = run([os.path.join(BIN, "pmt-" + name), "-V"])
        equal(result.status, 0, "pmt-" + name + " -V")
        check(version.split()[-1] in result.out, "pmt-%s -V: %s"
              % (name, result.out))
        check(os.path.exists(os.path.join(
            VENV, "share", "man", "man1", "pmt-%s.1" % name)),
            "no manual page of " + name)
    equal(run([VENV_PYTHON, "-c", "import pmtrace; "
               "print('pmt', pmtrace.__version__)"], remove=HIDDEN).out,
          version, "versions")
    check(os.path.exists(os.path.join(site, "pmtrace", "py.typed")),
          "no py.typed")


PROGRAM = """\
import os, sys
print(sys.argv, sys.flags, sys.path)
print(os.environ.get("PMTRACE"), os.environ.get("PYTHONPATH"))
print(sorted(m for m in sys.modules
             if m.split(".")[0] not in ("pmtrace", "atexit")))
x = bytearray(1234567)
"""


def recorded(trace, what):
    size = 1234567 + (32 if sys.version_info >= (3, 15) else 0)
    if not os.path.exists(trace):
        check(False, what + ": no trace")
        return
    result = Trace(trace)
    check(result.complete(), what + ": the trace is not whole")
    check(any(abs(r["size"] - size) <= 1 for r in result.of("alloc")
              if r["size"]), what + ": the block is not in it")


def starts():
    """By pmt record, by python3 -m pmtrace, by the variable alone; also where
    Python ignores its other variables. (What the environment tells children:
    test_children_starts.py.)"""
    script = write("program.py", PROGRAM)
    pmt = os.path.join(BIN, "pmt")
    number = 0
    for flags in ([], ["-I"]):
        wanted = run([VENV_PYTHON] + flags + [script, "a"], remove=HIDDEN)
        for what, words, env in (
                ("pmt record",
                 [pmt, "record", "--no-children", "-o", "%s", "--",
                  VENV_PYTHON] + flags, {}),
                ("PMTRACE", [VENV_PYTHON] + flags,
                 {"PMTRACE": "children=0,out=%s"}),
                ("-m pmtrace", [VENV_PYTHON] + flags +
                 ["-m", "pmtrace", "--no-children", "-o", "%s"], {})):
            number += 1
            trace = path("start-%d.pmt" % number)
            words = [trace if word == "%s" else word for word in words]
            env = {key: value % trace for key, value in env.items()}
            found = run(words + [script, "a"], env=env, remove=HIDDEN)
            what += " " + " ".join(flags)
            equal(found.triple(), wanted.triple(), what)
            recorded(trace, what)
    result = run([pmt, "record", "-o", path("s.pmt"), "--", VENV_PYTHON, "-S",
                  script], remove=HIDDEN)
    equal((result.status, result.out), (2, ""), "-S")
    result = run([VENV_PYTHON, "-c", "print(1)"],
                 env={"PMTRACE": "nonesuch=1"}, remove=HIDDEN)
    equal((result.status, result.out), (0, "1\n"), "a wrong PMTRACE")
    check(len(result.err.splitlines()) == 1 and "nonesuch" in result.err and
          "unrecorded" in result.err, "a wrong PMTRACE: %r" % result.err)
    result = run([VENV_PYTHON, "-c", "print(1)"],
                 env={"PMTRACE": "1"}, remove=HIDDEN, cwd=path("."))
    recorded_by_default = glob.glob(path("python-%d.pmt" % result.pid))
    equal(len(recorded_by_default), 1, "PMTRACE=1")


site = install()
commands(site)
starts()
finish()
