"""Processes that a recorded one makes: what they are told, in the
environment, and what is done in the child of a fork.

A child of a fork begins a recording of its own as soon as Python goes on in
it. Other processes find PMTRACE, and PYTHONPATH where pmtrace is not
installed, in their environment.
"""

import os
import sys

import pmtrace
from pmtrace import _options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Optional

# What stands in the environment, but for the stream's UUID; None: nothing.
_told = None  # type: Optional[str]
_by = None  # type: Any  # the Recorder that is told of
_before = None  # type: Optional[Dict[bytes, Optional[bytes]]]
_registered = False
_armed = set()  # type: set  # modules like multiprocessing.util


def new_session():
    # type: () -> bytes
    """A random UUID, for all processes that are recorded together."""
    value = bytearray(os.urandom(16))
    value[6] = value[6] & 0x0f | 0x40
    value[8] = value[8] & 0x3f | 0x80
    return bytes(value)


def absolute(template):
    # type: (Any) -> str
    """The name of a trace as a process in another folder has to say it."""
    text = os.fsdecode(template)
    if os.path.isabs(text):
        return text
    try:
        return os.path.join(os.getcwd().replace("%", "%%"), text)
    except OSError:
        return text


def names(path, taken):
    # type: (str, bool) -> Iterator[str]
    """Names to try for a trace, the best one first, which is `path` unless
    that is `taken`."""
    if not taken:
        yield path
    stem, dot = (path[:-4], ".pmt") if path.endswith(".pmt") else (path, "")
    stem += "-%d" % os.getpid()
    yield stem + dot
    number = 2
    while True:
        yield "%s-%d%s" % (stem, number, dot)
        number += 1


def is_fixed(template):
    # type: (str) -> bool
    """Whether two processes have the same name from it."""
    return "%p" not in template.replace("%%", "")


# ---- the environment ----


def _set(name, value):
    # type: (bytes, Optional[bytes]) -> None
    """Without an audit event."""
    data = os.environ._data  # type: ignore
    if value is None:
        data.pop(name, None)
    else:
        data[name] = value
    pmtrace._recorder.setenv(name, value)


def _text(recorder):
    # type: (Any) -> bytes
    return os.fsencode("%s,parent=%s" % (_told, recorder._uuid.hex()))


def _is_told():
    # type: () -> bool
    """Whether the program left in the environment what was put there."""
    value = os.environ._data.get(b"PMTRACE")  # type: ignore
    return _told is not None and value is not None and \
        value.startswith(os.fsencode(_told) + b",parent=")


def tell(recorder):
    # type: (Any) -> None
    """Puts into the environment what makes processes record that this one
    starts. What is there already is the program's, or tells of a recording
    around this one."""
    global _told, _by, _before

    from pmtrace import _launch

    if _by is not None or _options.VARIABLE in os.environ:
        return
    settings = {"out": absolute(recorder._template)}  # type: Dict[str, Any]
    for name, value in recorder._settings.items():
        if value != _options.DEFAULTS[name]:
            settings[name] = value
    settings.update(recorder._told)
    settings["session"] = recorder._session.hex()
    data = os.environ._data  # type: ignore
    before = {b"PMTRACE": None,
              b"PYTHONPATH": data.get(b"PYTHONPATH")}
    path = _launch.with_bootstrap(os.environ.get("PYTHONPATH"))
    if path is not None:
        _set(b"PYTHONPATH", os.fsencode(path))
        if before[b"PYTHONPATH"] == b"":
            settings["pythonpath"] = "empty"
    _told, _by, _before = _options.join(settings), recorder, before
    _set(b"PMTRACE", _text(recorder))


def untell(recorder):
    # type: (Any) -> None
    """Takes it out again."""
    global _told, _by, _before

    if _by is not recorder or _before is None:
        return
    if _is_told():
        for name, value in _before.items():
            _set(name, value)
    _told = _by = _before = None


# ---- the child of a fork ----


def prepare():
    # type: () -> None
    """Before the first recording."""
    global _registered

    if not _registered:
        _registered = True
        pmtrace._recorder.on_fork(_in_child)


def _in_child(can, suspends):
    # type: (int, int) -> None
    """By the extension, in a child of a process that recorded. The program
    sees nothing of it. `can`: something can be recorded here. `suspends`: how
    often the innermost recording was suspended."""
    global _by

    running = list(pmtrace._running)
    del pmtrace._running[:]
    for recorder in running:
        recorder._serial = 0
    recorder = next((r for r in reversed(running)
                     if r._settings["children"]), None)
    if recorder is None:
        return
    try:
        if not can:
            raise RuntimeError("the process was forked while another thread "
                               "was starting or ending a recording")
        _begin(recorder, suspends if recorder is running[-1] else 0)
    except Exception as error:
        pmtrace._warn(
            "process %d: %s; it runs unrecorded"
            % (os.getpid(), getattr(error, "strerror", None) or error))
        return
    if _by in running:
        _by = recorder
        if _is_told():
            _set(b"PMTRACE", _text(recorder))
    arm()


def _begin(recorder, suspends):
    # type: (Any, int) -> None
    parent, path = recorder._uuid, _options.expand(recorder._absolute,
                                                   recorder._ordinal)
    # The parent's own name is never taken, also where its trace was moved
    # away: it may come back to it.
    recorder._open(names(path, is_fixed(recorder._absolute)), parent,
                   suspends)


# ---- processes that end by os._exit() ----


def arm():
    # type: () -> None
    """Has multiprocessing finish the recording, where it is known already."""
    for name in ("multiprocessing.util", "billiard.util"):
        module = sys.modules.get(name)
        if module is None or name in _armed or \
                not hasattr(module, "Finalize"):
            continue
        _armed.add(name)
        module.register_after_fork(  # type: ignore
            _finish, pmtrace._recorder.quiet(_last_of_all(module)))


def _last_of_all(module):
    # type: (Any) -> Any
    """Called in a child that has just begun; those of its parent are
    forgotten."""
    finish = pmtrace._recorder.quiet(_finish)
    return lambda: module.Finalize(None, finish, exitpriority=-1000)


def _finish():
    # type: () -> None
    """The process ends, and Python's exit functions will not be called."""
    while pmtrace._running:
        pmtrace._running[-1].stop()
