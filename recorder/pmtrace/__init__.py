"""pmtrace: record what a Python program does with memory, into a trace.

    import pmtrace

    with pmtrace.Recorder("x.pmt", mode="alloc") as r:
        work()
        r.mark("warm")
        work()

The commands `pmt info`, `pmt live`, ... read the trace. `python3 -m pmtrace
script.py` records a whole program without a change to it.

One recording at a time in a process. The child of a fork is not recorded.
"""

import os
import sys

from pmtrace import _options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Union

try:
    from pmtrace import _recorder
except ImportError as _error:
    _recorder = None  # type: ignore
    _import_error = _error

__all__ = ["Recorder", "active", "mark", "__version__"]

__version__ = "0.1.0"

_current = None  # type: Optional[Recorder]
_exit_registered = False


def _extension():
    # type: () -> Any
    """The extension module, or ImportError that says how to build it."""
    if _recorder is None:
        version = "%d.%d" % sys.version_info[:2]
        raise ImportError(
            "the recorder is not built for this CPython %s: "
            "run `make PYTHON=python%s` in pmtrace's source (%s)"
            % (version, version, _import_error))
    return _recorder


class Recorder:
    """Records this process into the trace `path` between start() and stop().

    path            name of the trace; %p in it is the process id, %h the
                    host, %t the time of the start (UTC), %% a percent sign.
                    Beside it, `path.journal` holds what is not written yet;
                    it is removed at the end.
    mode            "alloc" (malloc, calloc, realloc and free in CPython's
                    raw, mem and object domains), "object" (creation and
                    destruction of every object; CPython 3.13 and later), or
                    both: "alloc,object".
    frames          Python frames kept with each alloc record, 0 to 1024,
                    counted from the innermost.
    object_frames   the same with each object record.
    force           replace a trace that is there.
    when_full       what to do with an event while all buffers are full:
                    "drop" it and count the loss, or "wait" for a buffer.
    tick_ns         resolution of time in the trace, in ns.
    level           zstd's compression level, -7 to 19.
    chunk_records   most records in a chunk, 1 to 65536.
    segments        buffers of 128 KiB, one of which each thread holds.

    ValueError: an argument is wrong, or the mode is not possible with this
    CPython. ImportError: the recorder is not built for this CPython.
    """

    def __init__(self,
                 path,                  # type: Union[str, os.PathLike[str]]
                 mode="alloc",          # type: str
                 *,
                 force=False,           # type: bool
                 **settings             # type: Any
                 ):
        # type: (...) -> None
        for name in settings:
            if name not in _options.DEFAULTS:
                raise TypeError("there is no setting %s" % name)
        self._settings = _options.check(
            dict(_options.DEFAULTS, mode=mode, **settings))
        self._template = os.fspath(path)
        self._force = bool(force)
        self._extension = _extension()
        _options.check_mode(mode, self._extension.MODES)

    def start(self):
        # type: () -> None
        """Begins to record.

        OSError: the trace can't be made (FileExistsError: it is there and
        not `force`). RuntimeError: this process is being recorded already,
        or its parent was when it was forked.
        """
        global _current
        from pmtrace import _selftest

        settings = self._settings
        modes = _options.modes_of(settings["mode"])
        hooks, notes = _selftest.run(self._extension, modes)
        frames = settings["frames"] if "stacks" not in notes else 0
        object_frames = (settings["object_frames"]
                         if "stacks" not in notes else 0)
        if "stacks" in notes and (settings["frames"] or
                                  settings["object_frames"]):
            _warn("no stacks are recorded: " + notes["stacks"])
        pairs = []
        for key in sorted(settings):
            pairs += [key, str(settings[key])]
        for key in sorted(notes):
            pairs += [key, notes[key]]
        _register_exit()
        numbers = dict(settings, modes=_options.mode_bits(modes),
                       frames=frames, object_frames=object_frames,
                       force=int(self._force),
                       domains=_options.domain_bits(settings["domains"]),
                       wait=int(settings["when_full"] == "wait"))
        self._extension.start(_options.expand(self._template), numbers,
                              tuple(hooks), tuple(pairs))
        _current = self
        if not self._extension.stats()["journal_survives"]:
            _warn("%s.journal could not be made: the last events are lost "
                  "if the process is killed" % self.path)

    def stop(self):
        # type: () -> None
        """Ends the recording and finishes the trace. Again: does nothing.

        OSError: the trace could not be finished, for example because the
        disk is full. What is not in it is in the journal, from where
        `pmt recover` and every reader take it.
        """
        global _current

        if _current is not self:
            return
        _name_threads()
        _current = None
        self._extension.stop()

    def mark(self, text):
        # type: (str) -> None
        """Puts a message into the trace, if this recorder runs. At most
        16,384 bytes of it are kept. TypeError: `text` is not a str."""
        if _current is self:
            mark(text)
        elif not isinstance(text, str):
            raise TypeError("a mark's text must be a str")

    def stats(self):
        # type: () -> Dict[str, Any]
        """Figures of the recording that runs, or of the last one:

        path            the trace
        records         records made since the start
        lost            events lost, by cause: full (no buffer was free),
                        memory, io (the trace could not be written), ...
        unwritten       records not in the trace yet, about
        memory_bytes    the recorder's own memory: buffers and tables
        trace_bytes     length of the trace now
        stacks, codes, types, threads   entries in its tables
        unstacked       records whose stack could not be kept
        journal_survives  False: the buffers are lost if the process is
                        killed, since the journal could not be made
        error, errno    last trouble in writing, or None and 0
        """
        return self._extension.stats()  # type: ignore

    @property
    def path(self):
        # type: () -> str
        """The name of the trace; before the start, as it was given."""
        if _current is self:
            return str(self._extension.stats()["path"])
        return os.fsdecode(self._template)

    def __enter__(self):
        # type: () -> Recorder
        self.start()
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        self.stop()


def mark(text):
    # type: (str) -> None
    """Puts a message into the trace of this process, with the time and the
    thread; does nothing where nothing is being recorded. TypeError: `text`
    is not a str."""
    if not isinstance(text, str):
        raise TypeError("a mark's text must be a str")
    if _recorder is not None:
        _recorder.mark(text)


def active():
    # type: () -> bool
    """True while this process is being recorded."""
    return _recorder is not None and _recorder.phase() == 1


def _warn(text):
    # type: (str) -> None
    """One line on standard error, where there is one."""
    try:
        sys.stderr.write("pmtrace: %s\n" % text)
    except Exception:
        pass


def _name_threads():
    # type: () -> None
    """Tells the stream the names that `threading` knows."""
    threading = sys.modules.get("threading")
    if threading is None or not active():
        return
    known = getattr(threading, "_active", {})
    for ident, thread in list(known.items()):
        name = getattr(thread, "_name", None)
        if isinstance(name, str) and isinstance(ident, int):
            _recorder.name_thread(ident,
                                  name.encode("utf-8", "surrogatepass"))


def _at_exit():
    # type: () -> None
    _name_threads()
    _recorder.at_exit()


def _register_exit():
    # type: () -> None
    global _exit_registered

    if not _exit_registered:
        import atexit

        atexit.register(_at_exit)
        _exit_registered = True
