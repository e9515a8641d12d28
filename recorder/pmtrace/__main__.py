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

# Short option, long option, name of the value or None, setting, help. A row
# of one text is a heading. A setting that is 0 or 1 has --NAME and --no-NAME.
# `pmt record` (analyse/cmd-record.c) has the same options.
OPTIONS = (
    ("-o", "--output", "FILE", "out",
     "name of the trace; %%p process, %%h host, %%t time; of a folder, with "
     "/ at its end, a name in it (PROGRAM-%%p.pmt)"),
    ("-f", "--force", None, "force", "replace a trace that is there"),
    (None, "--mode", "MODE,...", "mode",
     "what to record: alloc, object, call, line, snapshot, heap, rss, "
     "gc, sample (%(mode)s)"),
    (None, "--always", None, "always",
     "sampled, with rss and heap, in at most 256M: for leaving on; other "
     "options change it"),
    (None, "--children", None, "children",
     "the processes that it starts too, each into a trace of its own"),
    (None, "--collect", None, "collect",
     "collect garbage before the end"),
    ("Stacks",),
    (None, "--frames", "N", "frames",
     "Python frames kept with an alloc record (%(frames)d)"),
    (None, "--object-frames", "N", "object_frames",
     "Python frames kept with an object record (%(object_frames)d)"),
    ("Which events",),
    (None, "--files", "GLOB,...", "files",
     "only where the innermost Python file matches; !GLOB takes away"),
    (None, "--types", "GLOB,...", "types",
     "object: only types whose name matches; !GLOB takes away"),
    (None, "--builtins", None, "builtins",
     "object: types of the module builtins too"),
    (None, "--min-block", "SIZE", "min_block",
     "alloc: only requests of so many bytes or more (%(min_block)d)"),
    (None, "--max-block", "SIZE", "max_block",
     "alloc: only requests of so many bytes or fewer; 0 for no limit "
     "(%(max_block)d)"),
    (None, "--domains", "DOMAIN,...", "domains",
     "alloc: of raw, mem and obj only these (all)"),
    (None, "--sample-bytes", "SIZE", "sample_bytes",
     "alloc: one sample in so many bytes; 0 for everything "
     "(%(sample_bytes)d)"),
    (None, "--c-calls", None, "c_calls", "call: C functions too"),
    (None, "--opcodes", None, "opcodes", "line: opcodes too"),
    (None, "--rss-trigger", "SIZE", "rss_trigger",
     "call, line: only events where the resident set has moved by so much, "
     "and the one before; 0 for every event (%(rss_trigger)d)"),
    ("Figures",),
    (None, "--rss-us", "N", "rss_us",
     "at events, the resident set is read at most every N us; 0: not at "
     "events (%(rss_us)d)"),
    (None, "--rss-ms", "N", "rss_ms",
     "rss: a record every N ms (%(rss_ms)d)"),
    (None, "--sample-ms", "N", "sample_ms",
     "sample: a record every N ms (%(sample_ms)d)"),
    (None, "--sample-groups", "GROUP,...", "sample_groups",
     "sample: figures of memory, cpu, status, pss, io, files, net, cgroup, "
     "maps (memory,cpu,status)"),
    (None, "--heap-ms", "N", "heap_ms",
     "heap: a record every N ms; 0: at start, marks and end (%(heap_ms)d)"),
    (None, "--snapshot-ms", "N", "snapshot_ms",
     "snapshot: one every N ms; 0: none by time (%(snapshot_ms)d)"),
    (None, "--snapshot-marks", None, "snapshot_marks",
     "snapshot: one at every mark"),
    (None, "--snapshot-signal", "SIGNAL", "snapshot_signal",
     "snapshot: one at this signal, as USR1; 0: none "
     "(%(snapshot_signal)d)"),
    (None, "--snapshot-records", None, "snapshot_records",
     "snapshot: the alloc records too"),
    (None, "--track", None, "track",
     "alloc: keep the live set in memory, for get_traced_memory()"),
    (None, "--count-types", None, "count_types",
     "object: keep live counts by type, for live_counts()"),
    (None, "--object-rss", None, "object_rss",
     "object: the resident set too, read as --rss-us says"),
    ("The trace",),
    (None, "--when-full", "WHAT", "when_full",
     "drop events or wait when no buffer is free (%(when_full)s)"),
    (None, "--tick", "NS", "tick_ns", "resolution of time (%(tick_ns)d)"),
    (None, "--level", "N", "level", "compression level of zstd (%(level)d)"),
    (None, "--chunk-records", "N", "chunk_records",
     "most records in a chunk (%(chunk_records)d)"),
    (None, "--segments", "N", "segments",
     "buffers of 128 KiB; each thread holds one (%(segments)d)"),
    ("Flight recorder",),
    (None, "--max-size", "SIZE", "max_size",
     "keep the newest so many bytes of trace, 4M or more; 0 for all of it "
     "(%(max_size)d)"),
    (None, "--max-age", "TIME", "max_age",
     "keep the newest so much time; 0 for all of it (%(max_age)d)"),
    (None, "--dump-signal", "SIGNAL", "dump_signal",
     "copy what is kept to a file at this signal, as USR1; 0: none "
     "(%(dump_signal)d)"),
    (None, "--dump-marks", "GLOB,...", "dump_marks",
     "the same at marks whose text matches; !GLOB takes away"),
    (None, "--dump-rss", "SIZE", "dump_rss",
     "the same when the resident set gets over so many bytes; 0: never "
     "(%(dump_rss)d)"),
    (None, "--dump-max", "N", "dump_max",
     "at most so many of these files a process (%(dump_max)d)"),
    ("Others",),
    ("-v", None, None, "verbose", "say at the end what was recorded"),
    ("-h", "--help", None, None, "print this and exit"),
    ("-V", "--version", None, None, "print the version and exit"),
)  # type: tuple


def fail(text):
    # type: (str) -> None
    sys.stderr.write("pmtrace: %s\n" % text)
    sys.exit(2)


def help_of(row):
    # type: (tuple) -> str
    """The lines of an option."""
    short, long, value, setting, text = row
    names = ", ".join(name for name in (short, long) if name)
    text %= _options.DEFAULTS
    if value:
        names += ("=" if long else " ") + value
    elif setting and _options.is_switch(setting):
        on = _options.DEFAULTS[setting]
        names = "--[no-]" + long[2:]
        text += " (%s)" % ("yes" if on else "no")
    lines = ["  %-26s" % names]
    if len(names) > 25:
        lines.append(" " * 28)
    for word in text.split(" "):
        if len(lines[-1]) + 1 + len(word) > 79:
            lines.append(" " * 28)
        lines[-1] += " " + word
    return "".join(line.rstrip() + "\n" for line in lines)


def print_help():
    # type: () -> None
    out = [USAGE, "\n", "Records a Python program into a trace.\n", "\n"]
    for row in OPTIONS:
        out.append("\n%s\n" % row[0] if len(row) == 1 else help_of(row))
    out.append("\nSizes are bytes, or have K, M or G behind them; times are "
               "seconds, or have\ns, m, h or d.\n"
               "A process that runs already (CPython 3.14 or later): pmt "
               "attach PID.\n")
    sys.stdout.write("".join(out))
    sys.stdout.flush()


def find(word):
    # type: (str) -> tuple
    """The row of an option, and its value if `word` holds it; "0" where the
    option was --no-NAME."""
    for row in OPTIONS:
        if len(row) == 1:
            continue
        short, long, value, setting = row[:4]
        if word == short or word == long:
            return row, None
        if not value and setting and _options.is_switch(setting) and \
                word == "--no-" + long[2:]:
            return row, "0"
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
            settings[row[3]] = int(text or "1")
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
        fail("python's option %s keeps the recorder out; leave it out"
             % blocked)
    if not sys.executable:
        fail("the path of this interpreter is not known")
    settings = dict(_options.DEFAULTS, out=default_name(program), force=0,
                    verbose=0)
    if given.pop("always", 0):
        settings.update(_options.PRESETS["always"])
    try:
        for name, text in given.items():
            settings[name] = _options.parse(name, text) \
                if isinstance(text, str) else text
    except ValueError as error:
        fail(str(error))
    if settings["out"].endswith("/"):
        settings["out"] += default_name(program)
    if settings["out"] == "-":
        fail("a trace can't be recorded to standard output")
    try:
        path = _options.expand(settings["out"])
        _launch.recorder_of(settings)
    except (ValueError, ImportError) as error:
        fail(str(error))
    try:
        pmtrace._check_free(path)
    except OSError as error:
        fail("%s: %s" % (path, error.strerror))
    if os.path.isdir(path):
        fail("%s: is a folder; with / behind it the trace is made in it"
             % path)
    if os.path.exists(path) and not os.path.isfile(path):
        fail("%s: is not a regular file" % path)
    if os.path.lexists(path) and not settings["force"]:
        fail("%s: is there already (-f replaces it)" % path)
    if not os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK):
        fail("%s: cannot be made in that folder" % path)
    original = getattr(sys, "orig_argv", None) or [sys.executable]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable,
              [original[0]] + interpreter_options() + program,
              _launch.environment(settings, os.environ))


if __name__ == "__main__":
    main()
