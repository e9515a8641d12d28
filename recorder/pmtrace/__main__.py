"""python3 -m pmtrace [options] script.py|-m module|-c code [argument...]

Starts the same interpreter again with the recorder in it, so that the
program's __main__, sys.argv, tracebacks, output and exit status are what they
are without it.
"""

import os
import sys

import pmtrace
from pmtrace import _launch, _options

USAGE = """\
usage: python3 -m pmtrace [options] script.py [argument...]
       python3 -m pmtrace [options] -m module [argument...]
       python3 -m pmtrace [options] -c code [argument...]
"""

# Short option, long option, name of the value or None, setting, help.
OPTIONS = (
    ("-o", "--output", "FILE", "out",
     "name of the trace; %%p process, %%h host, %%t time "
     "(PROGRAM-%%p.pmt)"),
    ("-f", "--force", None, "force", "replace a trace that is there"),
    (None, "--mode", "MODE", "mode",
     "alloc, object or alloc,object (%(mode)s)"),
    (None, "--frames", "N", "frames",
     "Python frames kept with an alloc record (%(frames)d)"),
    (None, "--object-frames", "N", "object_frames",
     "Python frames kept with an object record (%(object_frames)d)"),
    (None, "--when-full", "WHAT", "when_full",
     "drop events or wait when no buffer is free (%(when_full)s)"),
    (None, "--tick", "NS", "tick_ns", "resolution of time (%(tick_ns)d)"),
    (None, "--level", "N", "level", "compression level of zstd (%(level)d)"),
    (None, "--chunk-records", "N", "chunk_records",
     "most records in a chunk (%(chunk_records)d)"),
    (None, "--segments", "N", "segments",
     "buffers of 128 KiB; each thread holds one (%(segments)d)"),
    ("-v", None, None, "verbose", "say at the end what was recorded"),
    ("-h", "--help", None, None, "print this and exit"),
    ("-V", "--version", None, None, "print the version and exit"),
)


def fail(text):
    # type: (str) -> None
    sys.stderr.write("pmtrace: %s\n" % text)
    sys.exit(2)


def print_help():
    # type: () -> None
    out = [USAGE, "\n", "Records a Python program into a trace.\n", "\n"]
    for short, long, value, _, text in OPTIONS:
        names = ", ".join(name for name in (short, long) if name)
        if value:
            names += ("=" if long else " ") + value
        out.append("  %-22s %s\n" % (names, text % _options.DEFAULTS))
    sys.stdout.write("".join(out))
    sys.stdout.flush()


def find(word):
    # type: (str) -> tuple
    """The row of an option, and its value if `word` holds it."""
    for row in OPTIONS:
        short, long, value = row[:3]
        if word == short or word == long:
            return row, None
        if value and long and word.startswith(long + "="):
            return row, word[len(long) + 1:]
        if value and short and word.startswith(short) and len(word) > 2:
            return row, word[2:]
    fail("there is no option %s (-h lists them)" % word)
    raise AssertionError


def parse(words):
    # type: (list) -> tuple
    """Settings, and the words from the program on."""
    settings = {}  # type: dict
    i = 0
    while i < len(words):
        word = words[i]
        if word == "--":
            i += 1
            break
        if word in ("-", "-m", "-c") or not word.startswith("-") or \
                word[:2] in ("-m", "-c"):
            break
        row, text = find(word)
        i += 1
        if row[1] == "--help":
            print_help()
            sys.exit(0)
        if row[1] == "--version":
            print("pmtrace " + pmtrace.__version__)
            sys.exit(0)
        if row[2] is None:
            settings[row[3]] = 1
            continue
        if text is None:
            if i == len(words):
                fail("%s needs a value" % word)
            text = words[i]
            i += 1
        settings[row[3]] = text
    return settings, words[i:]


def default_name(program):
    # type: (list) -> str
    first = program[0]
    if first[:2] == "-m":
        stem = first[2:] or (program + ["", ""])[1]
    elif first == "-" or first[:2] == "-c":
        stem = "python"
    else:
        stem = os.path.splitext(os.path.basename(os.path.normpath(first)))[0]
    return (stem or "python").replace("%", "%%") + "-%p.pmt"


def interpreter_options():
    # type: () -> list
    """The options that this interpreter was started with."""
    original = getattr(sys, "orig_argv", None)
    if original:
        head = original[1:len(original) - len(sys.argv) + 1]
        if head and head[-1] == "pmtrace" and len(head) > 1 and \
                head[-2].endswith("m"):
            cluster = head[-2][:-1]
            return head[:-2] + ([cluster] if cluster != "-" else [])
        if head and head[-1].startswith("-") and \
                head[-1].endswith("mpmtrace"):
            cluster = head[-1][:-len("mpmtrace")]
            return head[:-1] + ([cluster] if cluster != "-" else [])
        if head and not head[-1].startswith("-"):
            return head[:-1]
    import subprocess

    options = subprocess._args_from_interpreter_flags()  # type: ignore
    if getattr(sys.stdout, "write_through", False) and \
            not os.environ.get("PYTHONUNBUFFERED"):
        options.append("-u")
    return options


def main():
    # type: () -> None
    given, program = parse(sys.argv[1:])
    if not program or program[0] in ("-m", "-c") and len(program) < 2:
        sys.stderr.write(USAGE)
        sys.exit(2)
    blocked = _launch.python_blocks_bootstrap()
    if blocked:
        fail("python's option %s keeps the recorder out; leave it away"
             % blocked)
    if not sys.executable:
        fail("the path of this interpreter is not known")
    settings = dict(_options.DEFAULTS, out=default_name(program), force=0,
                    verbose=0)
    settings.update(given)
    try:
        for name in _options.LIMITS:
            settings[name] = int(settings[name])
    except ValueError:
        fail("%s must be a number, not %r" % (name, settings[name]))
    path = settings["out"]
    if path == "-":
        fail("a trace can't be recorded to standard output")
    try:
        path = _options.expand(settings["out"])
        _launch.recorder_of(settings)
    except (ValueError, ImportError) as error:
        fail(str(error))
    if os.path.lexists(path) and not settings["force"]:
        fail("%s: is there already (-f replaces it)" % path)
    if os.path.exists(path) and not os.path.isfile(path):
        fail("%s: is not a regular file" % path)
    if not os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK):
        fail("%s: cannot be made in that folder" % path)
    # The process stays the same one, so %p and the folder do too.
    settings["out"] = os.path.abspath(path).replace("%", "%%")
    original = getattr(sys, "orig_argv", None) or [sys.executable]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable,
              [original[0]] + interpreter_options() + program,
              _launch.environment(settings, os.environ))


if __name__ == "__main__":
    main()
