"""The recorder's settings: their defaults, their limits, and the text in
which they are handed to a process that is about to be recorded."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple, Union

# Name in the environment that carries settings to the bootstrap.
VARIABLE = "PMTRACE"

# Of a trace, where nobody says one, or says a folder with / at its end.
DEFAULT_NAME = "python-%p.pmt"

# Their bits, from 1 up, are those of recorder/modes.h.
MODES = ("alloc", "object", "call", "line", "snapshot", "heap", "rss", "gc",
         "sample")

# What each means is told at pmtrace.Recorder and in recorder/settings.h.
DEFAULTS = {
    "mode": "alloc",
    "frames": 32,
    "object_frames": 1,
    "when_full": "wait",
    "tick_ns": 100,
    "level": 1,
    "chunk_records": 65536,
    "segments": 64,
    "c_calls": 1,
    "opcodes": 0,
    "rss_trigger": 0,
    "rss_us": 100,
    "types": "",
    "files": "",
    "builtins": 1,
    "min_block": 0,
    "max_block": 0,
    "domains": "",
    "sample_bytes": 0,
    "track": 0,
    "count_types": 0,
    "object_rss": 0,
    "rss_ms": 100,
    "sample_ms": 500,
    "sample_groups": "",
    "heap_ms": 10000,
    "snapshot_ms": 0,
    "snapshot_marks": 0,
    "snapshot_signal": 0,
    "snapshot_records": 0,
    "collect": 0,
    "max_size": 0,
    "max_age": 0,
    "dump_signal": 0,
    "dump_marks": "",
    "dump_rss": 0,
    "dump_max": 8,
    "children": 1,  # pmtrace.Recorder: 0
}  # type: Dict[str, Any]

# Words that stand for settings: PMTRACE=always, pmt record --always. "1" are
# the defaults. The table `presets` of analyse/cmd-record.c is the same.
PRESETS = {
    "1": {},
    "always": {
        "mode": "alloc,rss,heap",
        "sample_bytes": 512 << 10,
        "rss_ms": 1000,
        "heap_ms": 60000,
        "when_full": "drop",
        "max_size": 256 << 20,
        "children": 1,
    },
}  # type: Dict[str, Dict[str, Any]]

# What PMTRACE has besides, with defaults. The last three are what a process
# of ours says to the next one.
INTERNAL = {
    "force": 0,
    "verbose": 0,
    "pythonpath": "",
    "parent": "",   # UUIDs of the stream that started this process
    "session": "",  # and of the first one
}  # type: Dict[str, Any]

# Least and greatest value.
LIMITS = {
    "frames": (0, 1024),
    "object_frames": (0, 1024),
    "tick_ns": (1, 1000000000),
    "level": (-7, 19),
    "chunk_records": (1, 65536),
    "segments": (4, 65536),
    "c_calls": (0, 1),
    "opcodes": (0, 1),
    "rss_trigger": (0, 1 << 60),
    "rss_us": (0, 1000000000),
    "builtins": (0, 1),
    "min_block": (0, 1 << 60),
    "max_block": (0, 1 << 60),
    "sample_bytes": (0, 1 << 40),
    "track": (0, 1),
    "count_types": (0, 1),
    "object_rss": (0, 1),
    "rss_ms": (1, 3600000),
    "sample_ms": (1, 3600000),
    "heap_ms": (0, 86400000),
    "snapshot_ms": (0, 86400000),
    "snapshot_marks": (0, 1),
    "snapshot_signal": (0, 64),
    "snapshot_records": (0, 1),
    "collect": (0, 1),
    "max_size": (0, 1 << 60),
    "max_age": (0, 3650 * 86400),
    "dump_signal": (0, 64),
    "dump_rss": (0, 1 << 60),
    "dump_max": (0, 1000000),
    "children": (0, 1),
}  # type: Dict[str, Tuple[int, int]]

# Numbers that are bytes: a text may have K, M, G or T behind them.
SIZES = ("rss_trigger", "min_block", "max_block", "sample_bytes", "max_size",
         "dump_rss")

# Least of max_size that is not 0: REC_RING_LEAST of settings.h.
RING_LEAST = 4 << 20

# Numbers that are seconds: a text may have s, m, h or d behind them.
DURATIONS = ("max_age",)

SIGNALS = ("snapshot_signal", "dump_signal")

# Lists of words or globs, separated by commas.
LISTS = ("types", "files", "domains", "dump_marks", "sample_groups")

# SIGILL, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSTOP of Linux.
BAD_SIGNALS = (4, 7, 8, 9, 11, 19)

DOMAINS = ("raw", "mem", "obj")

# Groups of figures, their bits from 1 up: enum rec_proc_group of
# recorder/proc.h.
SAMPLE_GROUPS = ("memory", "cpu", "status", "pss", "io", "files", "net",
                 "cgroup", "maps")

WHEN_FULL = ("drop", "wait")


def modes_of(text):
    # type: (str) -> List[str]
    """The modes in "alloc,object", in a fixed order. ValueError."""
    if not isinstance(text, str):
        raise TypeError("mode must be a str")
    given = [word.strip() for word in text.split(",")]
    for word in given:
        if word not in MODES:
            raise ValueError("there is no mode %r; there are %s"
                             % (word, ", ".join(MODES)))
    return [word for word in MODES if word in given]


def mode_bits(modes):
    # type: (List[str]) -> int
    return sum(1 << MODES.index(word) for word in modes)


def check_mode(text, possible):
    # type: (str, Any) -> None
    """ValueError where this CPython can't do the mode. `possible` is
    _recorder.MODES."""
    needs = {name: need for name, _, need in possible}
    for name in modes_of(text):
        if needs.get(name, "a recorder built for it"):
            raise ValueError("mode %s needs %s; this is %d.%d"
                             % ((name, needs.get(name,
                                                 "a recorder built for it"))
                                + sys.version_info[:2]))


def domain_bits(text):
    # type: (str) -> int
    """"raw,mem,obj" as bits; 0, for all, when empty. ValueError."""
    bits = 0
    for word in text.split(",") if text else ():
        if word not in DOMAINS:
            raise ValueError("there is no domain %r; there are %s"
                             % (word, ", ".join(DOMAINS)))
        bits |= 1 << DOMAINS.index(word)
    return bits


def group_bits(text):
    # type: (str) -> int
    """Groups of figures as bits; 0, for the usual ones, when empty.
    ValueError."""
    bits = 0
    for word in text.split(",") if text else ():
        if word not in SAMPLE_GROUPS:
            raise ValueError("there is no group %r; there are %s"
                             % (word, ", ".join(SAMPLE_GROUPS)))
        bits |= 1 << SAMPLE_GROUPS.index(word)
    return bits


def is_switch(name):
    # type: (str) -> bool
    return LIMITS.get(name) == (0, 1)


def size_of(text):
    # type: (str) -> int
    """Bytes: "4096", "64K", "1.5GiB"; units are binary. ValueError."""
    number = text.rstrip("BiIbKkMmGgTt")
    unit = text[len(number):].upper()
    shift = {"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}.get(
        unit[:-2] if unit.endswith("IB") else unit)
    whole, point, part = number.partition(".")
    if shift is None or not whole.isdigit() or point and not part.isdigit():
        raise ValueError("%r is not a size (try 64K, 256M or 1.5G)" % text)
    if not point:
        return int(whole) << shift
    return int(float(number) * (1 << shift))


def duration_of(text):
    # type: (str) -> int
    """Seconds: "90", "90s", "10m", "1.5h", "7d". ValueError."""
    number = text.rstrip("SsMmHhDd")
    second = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}.get(
        text[len(number):].lower())
    whole, point, part = number.partition(".")
    if second is None or not whole.isdigit() or point and not part.isdigit():
        raise ValueError("%r is not a time (try 90s, 10m, 2h or 7d)" % text)
    if not point:
        return int(whole) * second
    return int(float(number) * second)


def signal_of(text):
    # type: (str) -> int
    """The number of the signal "USR1", "SIGUSR1" or "10". ValueError."""
    if text.isdigit():
        return int(text)
    import signal

    name = text.upper()
    if not name.startswith("SIG"):
        name = "SIG" + name
    number = getattr(signal, name, None)
    if number is None or "_" in name:
        raise ValueError("there is no signal %s" % text)
    return int(number)


def no_setting(name, names):
    # type: (str, Any) -> str
    """What to say of a setting that there is not."""
    import difflib

    near = difflib.get_close_matches(name.lower(), names, 1)
    return "there is no setting %s; %s" % (
        name, "is it %s?" % near[0] if near else "there are out, force, " +
        ", ".join(sorted(DEFAULTS)))


def parse(name, text):
    # type: (str, str) -> Any
    """The setting's value from a text, as on a command line. ValueError."""
    if name in SIZES:
        return size_of(text)
    if name in DURATIONS:
        return duration_of(text)
    if name in SIGNALS:
        return signal_of(text)
    if name in LIMITS or name in ("force", "verbose"):
        try:
            return int(text)
        except ValueError:
            switch = LIMITS.get(name, (0, 1)) == (0, 1)
            raise ValueError("%s must be %s, not %r" % (
                name, "1 or 0" if switch else "a number", text))
    return text


def _text_of(name, value):
    # type: (str, Any) -> str
    """A list as a text with commas. TypeError, ValueError."""
    if isinstance(value, str):
        return value
    try:
        words = list(value)
    except TypeError:
        words = [None]
    for word in words:
        if not isinstance(word, str):
            raise TypeError("%s must be a str, or strings" % name)
        if "," in word:
            raise ValueError("%s: a comma in %r" % (name, word))
    return ",".join(words)


def check(settings):
    # type: (Dict[str, Any]) -> Dict[str, Any]
    """The settings with numbers made int. ValueError, TypeError."""
    checked = dict(settings)
    for name in LISTS + ("mode",):
        checked[name] = _text_of(name, settings[name])
    checked["mode"] = ",".join(modes_of(checked["mode"]))
    for name, (low, high) in LIMITS.items():
        value = settings[name]
        if (isinstance(value, bool) and (low, high) != (0, 1) or
                not hasattr(value, "__index__")):
            raise TypeError("%s must be an int" % name)
        value = value.__index__()
        if not low <= value <= high:
            raise ValueError("%s must be %d to %d, not %d"
                             % (name, low, high, value))
        checked[name] = value
    if checked["max_block"] and checked["max_block"] < checked["min_block"]:
        raise ValueError("max_block is less than min_block")
    if 0 < checked["max_size"] < RING_LEAST:
        raise ValueError("max_size must be 0 or 4 MiB or more")
    if checked["sample_bytes"] and (
            checked["track"] or "snapshot" in checked["mode"].split(",")):
        raise ValueError("sample_bytes leaves out blocks, so the live set "
                         "can't be tracked: no track and no mode snapshot")
    for name in SIGNALS:
        if checked[name] in BAD_SIGNALS:
            raise ValueError("%s: signal %d can't be used (try USR1 or USR2)"
                             % (name, checked[name]))
    if checked["dump_signal"] and \
            checked["dump_signal"] == checked["snapshot_signal"]:
        raise ValueError("dump_signal and snapshot_signal are the same")
    domain_bits(checked["domains"])
    group_bits(checked["sample_groups"])
    if settings["when_full"] not in WHEN_FULL:
        raise ValueError("when_full must be %s, not %r"
                         % (" or ".join(WHEN_FULL), settings["when_full"]))
    return checked


def expand(template, ordinal=1):
    # type: (Union[str, bytes], int) -> str
    """A path with %p, %h, %t, %n and %% replaced; `ordinal` is the number of
    the recording in this process, from 1. Of a folder, with / at its end, a
    name in it. ValueError for other letters."""
    text = os.fsdecode(template)
    if not text:
        raise ValueError("the trace needs a name")
    if text.endswith("/"):
        text += DEFAULT_NAME
    if "\0" in text:
        raise ValueError("a null character in the name of the trace")
    if "%" not in text:
        return text
    parts = []
    i = 0
    while i < len(text):
        if text[i] != "%":
            parts.append(text[i])
            i += 1
            continue
        letter = text[i + 1:i + 2]
        if letter == "p":
            parts.append(str(os.getpid()))
        elif letter == "h":
            parts.append(os.uname().nodename)
        elif letter == "t":
            import time

            parts.append(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
        elif letter == "n":
            parts.append(str(ordinal))
        elif letter == "%":
            parts.append("%")
        else:
            raise ValueError(
                "%%%s in the name of the trace; there are %%p (process), "
                "%%h (host), %%t (time), %%n (number) and %%%%" % letter)
        i += 2
    return "".join(parts)


def join(settings):
    # type: (Dict[str, Any]) -> str
    """Settings as "name=value,name=value"; in values %, comma, equal sign
    and space are written as %25, %2C, %3D and %20."""
    words = []
    for name in settings:
        value = str(settings[name])
        for char in "%,= ":
            value = value.replace(char, "%%%02X" % ord(char))
        words.append(name + "=" + value)
    return ",".join(words)


def split(text):
    # type: (str) -> Dict[str, str]
    """What join() made, or a person did: "always,out=x.pmt". The first word
    may be one of PRESETS, which is in the result under the name "preset"; a
    list may go on behind a comma, as in "mode=alloc,object". Spaces around
    commas and equal signs are nothing. ValueError."""
    settings = {}  # type: Dict[str, str]
    name = ""
    for number, word in enumerate(text.split(",")):
        word = word.strip()
        if not word:
            continue
        if not number and word.lower() in PRESETS:
            settings["preset"] = word.lower()
            continue
        key, equals, value = word.partition("=")
        key, value = key.strip(), value.strip()
        for char in " ,=%":
            value = value.replace("%%%02X" % ord(char), char)
        if not equals and name in LISTS + ("mode",):
            settings[name] += "," + word
            continue
        if not equals or not key:
            raise ValueError("%r is no setting (try 1, always or %s)" % (
                word, "mode=alloc,out=/var/tmp/%h-%p.pmt"))
        name = key
        settings[name] = value
    return settings
