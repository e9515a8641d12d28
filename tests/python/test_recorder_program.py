"""A program that is recorded runs as it does when it is not."""
# RUN: few
# MODE: alloc

import os
import signal
import sys

from recorder_support import (FOLDER, PYTHON, Trace, check, equal, finish,
                              path, plain, record, run, write)

# Prints all that a program can easily see of how it was started.
LOOK = """\
import os, sys, threading
print(sorted(k for k in globals() if k != "__annotations__"))
print(__name__, __doc__, __package__, type(__loader__).__name__)
print(sys.argv, sys.path, sys.flags, sys.executable, sys.prefix)
print(getattr(sys, "orig_argv", None), sys.warnoptions, sys._xoptions)
print(sorted(k for k in os.environ if k not in ("_", "OLDPWD")))
print(os.environ.get("PYTHONPATH"), os.environ.get("PMTRACE"))
print(sorted(m for m in sys.modules
             if m.split(".")[0] not in ("pmtrace", "atexit")))
print("sitecustomize" in sys.modules, sys.gettrace(), sys.getprofile())
print([t.name for t in threading.enumerate()],
      sorted(sys.path_importer_cache))
print(sys.stdout.write_through, sys.dont_write_bytecode, os.getcwd())
"""


def same(what, *words, **how):
    """Compares a run with a recorded one; returns the trace's name."""
    trace = path("same-%d.pmt" % same.count)
    same.count += 1
    bare = {k: v for k, v in how.items() if k not in ("options", "python")}
    how["options"] = ["--no-children"] + list(how.get("options", ()))
    wanted = plain(*(list(how.get("python", ())) + list(words)), **bare)
    found = record(trace, *words, **how)
    equal(found.triple(), wanted.triple(), what)
    check(os.path.exists(trace), what + ": no trace")
    check(not os.path.exists(trace + ".journal"), what + ": a journal stays")
    return trace


same.count = 0


def started():
    script = write("look.py", LOOK)
    same("script", script, "a", "-b", "c d")
    same("script in this folder", "look.py", "x", cwd=FOLDER)
    same("module", "-m", "look", "y", cwd=FOLDER)
    same("module in one word", "-mlook", "y", cwd=FOLDER)
    same("code", "-c", LOOK, "-o", "z")
    same("standard input", "-", "w", stdin=LOOK)
    same("options of Python", script, python=["-u", "-O", "-W", "error",
                                              "-X", "utf8", "-B"])
    same("a module of the library", "-m", "json.tool", "--help")
    pythonpath = os.environ.get("PYTHONPATH", "")
    same("PYTHONPATH of two", script,
         env={"PYTHONPATH": pythonpath + ":/nonesuch"})
    folder = path("__main__dir")
    os.makedirs(folder)
    write("__main__dir/__main__.py", LOOK)
    same("folder with a __main__", folder)


def by_command():
    """The same through `pmt record`, which also works where PYTHONPATH is
    not set or empty."""
    script = write("look2.py", LOOK)
    for what, env, remove in (("unset", {}, ["PYTHONPATH"]),
                              ("empty", {"PYTHONPATH": ""}, []),
                              ("set", {"PYTHONPATH": "/nonesuch"}, [])):
        trace = path("command-%s.pmt" % what)
        wanted = plain(script, "a", env=env, remove=remove)
        found = run(["pmt", "record", "--no-children", "-o", trace, "--",
                     PYTHON, script, "a"],
                    env=env, remove=remove)
        equal(found.triple(), wanted.triple(), "PYTHONPATH " + what)
        check(os.path.exists(trace), "PYTHONPATH %s: no trace" % what)


def ends():
    """Exit statuses, tracebacks, signals."""
    for name, code in (
            ("falls off the end", "print(1)"),
            ("exit 0", "import sys; sys.exit(0)"),
            ("exit 3", "import sys; sys.exit(3)"),
            ("exit None", "import sys; sys.exit(None)"),
            ("exit text", "import sys; sys.exit('so it goes')"),
            ("SystemExit", "raise SystemExit(300)"),
            ("exception", "def f():\n    {}['x']\nf()"),
            ("nested exceptions",
             "try:\n    1 / 0\nexcept Exception as e:\n"
             "    raise ValueError('\\u20ac') from e"),
            ("syntax error", "print(1\nx = = 2"),
            ("atexit", "import atexit\natexit.register(print, 'bye')\n"
             "print('hi')"),
            ("exception in a thread",
             "import threading\n"
             "t = threading.Thread(target=lambda: print('in'), name='n')\n"
             "t.start(); t.join()\nraise KeyError('k')"),
            ("interrupt",
             "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
             "import time\ntime.sleep(5)"),
            ("handled signal",
             "import os, signal\n"
             "signal.signal(signal.SIGUSR1, lambda *a: print('got'))\n"
             "os.kill(os.getpid(), signal.SIGUSR1)\nprint('on')"),
            ("objects at the end",
             "class C:\n    def __del__(self):\n        print('del')\n"
             "c = C(); d = [C()]; d.append(d)"),
            ("errno kept",
             "import os\nfor i in range(20000):\n"
             "    x = [str(i)]\n"
             "    try:\n        os.stat('/nonesuch')\n"
             "    except OSError as e:\n        assert e.errno == 2, e\n")):
        script = write("end.py", code)
        trace = same(name, script)
        result = Trace(trace)
        check(result.complete(), "%s: the trace is not whole: %s"
              % (name, result.warnings))


def killed():
    """What can't be caught leaves the trace and the journal."""
    for name, code, status in (
            ("SIGTERM", "os.kill(os.getpid(), 15)", -signal.SIGTERM),
            ("SIGKILL", "os.kill(os.getpid(), 9)", -signal.SIGKILL),
            ("abort", "os.abort()", -signal.SIGABRT),
            ("_exit", "os._exit(9)", 9)):
        script = write("killed.py", "import os\n"
                       "x = [bytearray(1000000 + i) for i in range(9)]\n" +
                       code)
        trace = path(name + ".pmt")
        result = record(trace, script)
        equal(result.status, status, name)
        check(os.path.exists(trace + ".journal"), name + ": no journal")
        found = {r["size"] - 1000000 for r in Trace(trace).of("alloc")
                 if r["size"] is not None and r["op"] != "free"}
        sizes = {1 + i for i in range(9)}
        if sys.version_info >= (3, 15):
            sizes = {i + 33 for i in range(9)}
        check(sizes <= found, "%s: records are missing: %s"
              % (name, sorted(sizes - found)))


def refused():
    script = write("never.py", "print('ran')")
    exists = write("exists.pmt", "precious")
    for what, words, text in (
            ("trace exists", ["-o", exists, script], "exists.pmt"),
            ("no program", [], "usage"),
            ("wrong option", ["--nonesuch", script], "--nonesuch"),
            ("wrong mode", ["--mode", "all", script], "all"),
            ("wrong number", ["--frames", "x", script], "frames"),
            ("number out of range", ["--frames", "5000", script], "5000"),
            ("no value", ["--frames"], "--frames"),
            ("no folder", ["-o", "/nonesuch/x.pmt", script], "/nonesuch"),
            ("standard output", ["-o", "-", script], "standard output"),
            ("a folder", ["-f", "-o", FOLDER, script], "is a folder"),
            ("a device", ["-f", "-o", "/dev/full", script], "/dev/full"),
            ("wrong letter", ["-o", path("%z.pmt"), script], "%z")):
        result = run([PYTHON, "-m", "pmtrace"] + words)
        equal((result.status, result.out), (2, ""), what)
        check(text in result.err and "Traceback" not in result.err,
              "%s: says %r" % (what, result.err))
        result = run(["pmt", "record"] +
                     (words[:-1] + ["--", PYTHON, script]
                      if words and words[-1] == script else words))
        equal((result.status, result.out), (2, ""), "pmt record: " + what)
    with open(exists) as file:
        equal(file.read(), "precious", "what was there")
    for option in ("-I", "-E", "-S"):
        result = run(["pmt", "record", "-o", path("i.pmt"), "--", PYTHON,
                      option, script])
        equal((result.status, result.out), (2, ""), option)
        check(option in result.err, "%s: says %r" % (option, result.err))
    if sys.version_info < (3, 13):
        result = record(path("o.pmt"), script, options=["--mode", "object"])
        equal((result.status, result.out), (2, ""), "mode object")
        check("3.13" in result.err, "mode object: says %r" % result.err)


def replaced():
    script = write("hello.py", "print('hello')")
    exists = write("old.pmt", "x" * 100000)
    result = record(exists, script, options=["-f"])
    equal(result.triple(), (0, "hello\n", ""), "-f")
    check(Trace(exists).complete(), "-f: the trace is not whole")
    result = run([PYTHON, "-m", "pmtrace", script], cwd=FOLDER)
    equal(result.triple(), (0, "hello\n", ""), "default name")
    check(os.path.exists(path("hello-%d.pmt" % result.pid)),
          "default name: %s" % os.listdir(FOLDER))
    result = run([PYTHON, "-m", "pmtrace", "-o", "a=b,%p%%.pmt", "-v",
                  script], cwd=FOLDER)
    equal(result.status, 0, "strange name")
    check(os.path.exists(path("a=b,%d%%.pmt" % result.pid)),
          "strange name: %s" % os.listdir(FOLDER))
    check(len(result.err.splitlines()) == 1 and "records" in result.err,
          "-v says %r" % result.err)


def shadowed():
    """A sitecustomize that ours hides runs, once."""
    folder = path("site")
    os.makedirs(folder)
    write("site/sitecustomize.py",
          "import sys\nprint('mine', __file__, __name__)\nx = 5\n")
    script = write("shadow.py", "import sys\n"
                   "print(sys.modules['sitecustomize'].x)\n" + LOOK)
    pythonpath = folder + ":" + os.environ.get("PYTHONPATH", "")
    for what, text in (("sitecustomize", None),
                       ("broken sitecustomize", "raise KeyError('broken')"),
                       ("sitecustomize that imports nothing",
                        "import nonesuch")):
        if text:
            write("site/sitecustomize.py", text)
            script = write("shadow.py", LOOK)
        env = {"PYTHONPATH": pythonpath}
        trace = path(what + ".pmt")
        wanted = plain(script, env=env)
        found = run(["pmt", "record", "--no-children", "-o", trace, "--",
                     PYTHON, script], env=env)
        equal(found.triple(), wanted.triple(), what)
        check(Trace(trace).complete(), what + ": the trace is not whole")


def children():
    """With children=0 a child process is not recorded, and does not see that
    we are. (Else the environment tells it: test_children_starts.py.)"""
    script = write("child.py",
                   "import subprocess, sys, os\n"
                   "print(subprocess.check_output([sys.executable, '-c',"
                   "'import os, sys; print(os.environ.get(\"PMTRACE\"),"
                   " os.environ.get(\"PYTHONPATH\"), sys.path,"
                   " \"pmtrace\" in sys.modules)']))")
    same("child process", script)


started()
by_command()
ends()
killed()
refused()
replaced()
shadowed()
children()
finish()
