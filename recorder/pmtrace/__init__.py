"""pmtrace: record what a Python program does with memory, into a trace.

    import pmtrace

    with pmtrace.Recorder("x.pmt", mode="alloc") as r:
        work()
        r.mark("warm")
        work()

The commands `pmt info`, `pmt live`, ... read the trace. `python3 -m pmtrace
script.py` records a whole program without a change to it.

A recorder that is started while another runs suspends that one until it is
stopped. The child of a fork is recorded with `children`.
"""

import os
import sys

from pmtrace import _options
from pmtrace._label import label
from pmtrace._sampling import sampling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple, Union

try:
    from pmtrace import _recorder
except ImportError as _error:
    _recorder = None  # type: ignore
    _import_error = _error

__all__ = ["Recorder", "active", "dump", "from_tracemalloc", "label",
           "mark", "sampling", "snapshot", "__version__"]

__version__ = "0.1.0"

NAMES_MAX = 1000  # tried for a trace, before it is given up

_running = []  # type: List[Recorder]  # the innermost last
_ordinal = 0  # recordings started in this process
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

    A context manager and a decorator: of a function, a generator function or
    a coroutine function, which is then recorded whenever it runs. Calls of it
    while it is being recorded, also by other threads, belong to the same
    recording. To have a trace for each call put %n into the path.

    path            name of the trace; %p in it is the process id, %h the
                    host, %t the time of the start (UTC), %n the number of
                    the recording in this process from 1, %% a percent sign.
                    Beside it, `path.journal` holds what is not written yet;
                    it is removed at the end.
    mode            what to record, one or more of these with commas (default
                    "alloc"):
                      alloc     malloc, calloc, realloc and free in CPython's
                                raw, mem and object domains
                      object    creation and destruction of every object;
                                CPython 3.13 or later, and destructions are
                                complete from 3.13.3
                      call      calls, returns and exceptions of Python and C
                                functions
                      line      lines, calls, returns and exceptions
                      snapshot  the live set, summed by stack
                      heap      figures of pymalloc or mimalloc, of libc's
                                malloc and of gc
                      rss       the resident set by time
                      sample    figures of the process by time: memory,
                                processor time, faults, threads and more
                      gc        collections of the garbage collector
    force           replace a trace that is there (default False).
    collect         1: gc.collect() before the end, so that the last picture
                    is without garbage (default 0).

    Stacks:
    frames          Python frames kept with each alloc record, 0 to 1024,
                    counted from the innermost (default 32).
    object_frames   the same with each object record (default 1).

    Which events. A list of globs is a str with commas or an iterable of str,
    as fnmatch takes them; a glob after ! takes away; empty means all.
    files           globs: only events whose innermost Python file matches
                    (default "").
    types           globs; object: only types whose name matches (default "").
    builtins        object: 0 leaves out the types of the module builtins
                    (default 1).
    min_block       bytes; alloc: only requests of so many or more (default
                    0).
    max_block       bytes; alloc: only requests of so many or fewer; 0: no
                    limit (default 0).
    domains         alloc: only these of raw, mem and obj; empty: all (default
                    "").
    sample_bytes    bytes; alloc: one sample in so many on average, from which
                    the analysers estimate; 0: everything (default 0).
    c_calls         call: 0 leaves out C functions (default 1).
    opcodes         line: 1 adds an event for each opcode (default 0).
    rss_trigger     bytes; call, line: only events at which the resident set
                    has moved by so much since the last recorded one, and the
                    event before each; 0: every event (default 0).

    Figures:
    rss_us          microseconds; at events the resident set is read when the
                    last value is older than this; 0: not at events (default
                    100).
    rss_ms          milliseconds; rss: between two records (default 100).
    sample_ms       milliseconds; sample: the same (default 500).
    sample_groups   sample: which figures: of memory, cpu, status, pss, io,
                    files, net, cgroup, maps; empty: memory, cpu and status
                    (default "").
    heap_ms         milliseconds; heap: between two records; 0: only at start,
                    marks and stop (default 10000).
    snapshot_ms     milliseconds; snapshot: between two; 0: none by time
                    (default 0).
    snapshot_marks  snapshot: 1 takes one at every mark (default 0).
    snapshot_signal snapshot: the number of a signal that takes one; 0: none
                    (default 0).
    snapshot_records  snapshot: 1 writes the alloc records too (default 0).
    snapshot_values function that returns [(title, unit, int), ...], which
                    snapshot() puts beside a snapshot; unit is "B", "" or any
                    other text. Not asked for snapshots by time, mark and
                    signal (default None).
    track           alloc: 1 keeps the live set in memory, for
                    get_traced_memory() and the like (default 0).
    count_types     object: 1 keeps counts by type, for live_counts() (default
                    0).
    object_rss      object: 1 puts the resident set into the records, read as
                    rss_us says (default 0).

    The trace:
    when_full       what to do with an event while all buffers are full:
                    "drop" it and count the loss, or "wait" for a buffer
                    (default "wait").
    tick_ns         nanoseconds; resolution of time in the trace (default
                    100).
    level           zstd's compression level, -7 to 19 (default 1).
    chunk_records   most records in a chunk, 1 to 65536 (default 65536).
    segments        buffers of 128 KiB, one of which each thread holds
                    (default 64).

    The flight recorder: of the trace only the newest is kept, in parts:
    files beside it that hold a whole trace each. A dump is a copy of what is
    kept, in one file.
    max_size        bytes; parts and journal are kept below it; 0: everything
                    is kept, else 4 MiB or more (default 0).
    max_age         seconds; parts go whose records are all older; 0: none
                    does (default 0).
    dump_signal     the number of a signal that makes a dump; 0: none
                    (default 0).
    dump_marks      globs; a mark whose text matches makes a dump (default
                    "").
    dump_rss        bytes; a resident set over it makes a dump, once until it
                    has been 10 % below; 0: none (default 0).
    dump_max        most dumps that signal, marks and resident set make
                    (default 8).
    children        1: the child of a fork is recorded too, into a trace of
                    its own, and so are the interpreters that this process
                    starts (default 0).

    ValueError: an argument is wrong, or the mode is not possible with this
    CPython. ImportError: the recorder is not built for this CPython.
    """

    def __init__(self,
                 path,                  # type: Union[str, os.PathLike[str]]
                 mode="alloc",          # type: Any
                 *,
                 force=False,           # type: bool
                 collect=0,             # type: int
                 frames=32,             # type: int
                 object_frames=1,       # type: int
                 files="",              # type: Any
                 types="",              # type: Any
                 builtins=1,            # type: int
                 min_block=0,           # type: int
                 max_block=0,           # type: int
                 domains="",            # type: Any
                 sample_bytes=0,        # type: int
                 c_calls=1,             # type: int
                 opcodes=0,             # type: int
                 rss_trigger=0,         # type: int
                 rss_us=100,            # type: int
                 rss_ms=100,            # type: int
                 sample_ms=500,         # type: int
                 sample_groups="",      # type: Any
                 heap_ms=10000,         # type: int
                 snapshot_ms=0,         # type: int
                 snapshot_marks=0,      # type: int
                 snapshot_signal=0,     # type: int
                 snapshot_records=0,    # type: int
                 snapshot_values=None,  # type: Any
                 track=0,               # type: int
                 count_types=0,         # type: int
                 object_rss=0,          # type: int
                 when_full="wait",      # type: str
                 tick_ns=100,           # type: int
                 level=1,               # type: int
                 chunk_records=65536,   # type: int
                 segments=64,           # type: int
                 max_size=0,            # type: int
                 max_age=0,             # type: int
                 dump_signal=0,         # type: int
                 dump_marks="",         # type: Any
                 dump_rss=0,            # type: int
                 dump_max=8,            # type: int
                 children=0,            # type: int
                 **settings             # type: Any
                 ):
        # type: (...) -> None
        for name in settings:
            if name not in _options.DEFAULTS:
                raise TypeError("there is no setting %s" % name)
        self._settings = _options.check(dict(
            _options.DEFAULTS, mode=mode, collect=collect, frames=frames,
            object_frames=object_frames, files=files, types=types,
            builtins=builtins, min_block=min_block, max_block=max_block,
            domains=domains, sample_bytes=sample_bytes, c_calls=c_calls,
            opcodes=opcodes, rss_trigger=rss_trigger, rss_us=rss_us,
            rss_ms=rss_ms, sample_ms=sample_ms, sample_groups=sample_groups,
            heap_ms=heap_ms, snapshot_ms=snapshot_ms,
            snapshot_marks=snapshot_marks, snapshot_signal=snapshot_signal,
            snapshot_records=snapshot_records, track=track,
            count_types=count_types, object_rss=object_rss,
            when_full=when_full, tick_ns=tick_ns, level=level,
            chunk_records=chunk_records, segments=segments,
            max_size=max_size, max_age=max_age, dump_signal=dump_signal,
            dump_marks=dump_marks, dump_rss=dump_rss, dump_max=dump_max,
            children=children, **settings))
        if snapshot_values is not None and not callable(snapshot_values):
            raise TypeError("snapshot_values must be a function")
        self._values = snapshot_values
        self._template = os.fspath(path)
        self._force = bool(force)
        self._figures = {}  # type: Dict[str, Any]
        self._serial = 0  # of the recording that runs
        self._uuid = b""  # of its stream
        self._session = b""
        self._ordinal = 0  # its number in this process
        self._told = {}  # type: Dict[str, Any]  # what else to tell children
        self._extension = _extension()
        _options.check_mode(self._settings["mode"], self._extension.MODES)

    # ---- start and stop ----

    def start(self):
        # type: () -> None
        """Begins to record. A recorder that runs is suspended until this one
        is stopped; the streams of both say so.

        OSError: the trace can't be made (FileExistsError: it is there and
        not `force`). RuntimeError: this recorder runs already, or C forked
        this process while its parent was being recorded.
        """
        self._start(b"", b"", False)

    def _start(self, parent, session, numbered):
        # type: (bytes, bytes, bool) -> None
        """Starts it. `parent`: UUID of the stream of the process that
        started this one; `session`: of all that are recorded together.
        `numbered`: another name is taken where the trace is there."""
        global _ordinal
        from pmtrace import _children, _selftest

        if self in _running:
            raise RuntimeError("this recorder runs already")
        settings = self._settings
        modes = self._modes()
        hooks, notes = _selftest.run(self._extension, modes, settings)
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
                       sample_groups=_options.group_bits(
                           settings["sample_groups"]),
                       wait=int(settings["when_full"] == "wait"))
        path = _options.expand(self._template, _ordinal + 1)
        if self._force:
            _check_free(path)
        if _innermost() is not None:
            _name_threads()
        _children.prepare()
        self._arguments = numbers, tuple(hooks), tuple(pairs)
        self._absolute = _children.absolute(self._template)
        self._session = session or (_children.new_session()
                                    if settings["children"] else b"")
        self._ordinal = _ordinal + 1
        self._open(_children.names(path, bool(parent) and _children.is_fixed(
            self._absolute)) if numbered else [path], parent)
        _ordinal += 1
        if settings["children"]:
            _children.tell(self)

    def _open(self, paths, parent=b"", suspends=0):
        # type: (Any, bytes, int) -> None
        """Begins to record into the first of `paths` that is free."""
        numbers, hooks, pairs = self._arguments
        for tries, path in enumerate(paths):
            try:
                self._serial = self._extension.start(
                    path, numbers, hooks, pairs, parent or None,
                    self._session or None, suspends)
                break
            except OSError as error:
                last = error
            if last.errno not in (17, 16) or \
                    tries == NAMES_MAX:
                raise last
        else:
            raise last
        # Children replace nothing.
        self._arguments = dict(numbers, force=0), hooks, pairs
        self._uuid = self._extension.uuid()
        _running.append(self)
        if not self.stats()["journal_survives"]:
            _warn("%s.journal could not be made: the last events are lost "
                  "if the process is killed" % self.path)

    def stop(self):
        # type: () -> None
        """Ends the recording and finishes the trace; a recorder that was
        suspended for it goes on. Recorders that were started inside it are
        stopped first. Again: does nothing.

        OSError: the trace could not be finished, for example because the
        disk is full. What is not in it is in the journal, from where
        `pmt recover` and every reader take it.
        """
        if self not in _running:
            return
        while _running[-1] is not self:
            _running[-1].stop()
        if active():
            _collect(self)
            _name_threads()
        _running.pop()
        try:
            self._extension.stop()
        finally:
            self._figures = self._extension.stats(self._serial)
            self._serial = 0
            if self._settings["children"]:
                from pmtrace import _children

                _children.untell(self)

    def suspend(self):
        # type: () -> None
        """Records nothing until resume(), if this recorder runs. A mark
        in the trace says so. What is released meanwhile is not seen. After
        two calls it takes two of resume()."""
        if self._serial:
            self._extension.suspend(self._serial)

    def resume(self):
        # type: () -> None
        """Goes on after suspend()."""
        if self._serial:
            self._extension.resume(self._serial)

    @classmethod
    def running(cls):
        # type: () -> Optional[Recorder]
        """The recorder that records this process, also one that was started
        by `pmt record`, `python3 -m pmtrace` or PMTRACE; of nested ones the
        innermost; None when there is none."""
        return _innermost()

    # ---- into the trace ----

    def mark(self, text):
        # type: (str) -> None
        """Puts a message into the trace, if this recorder runs. At most
        16,384 bytes of it are kept. TypeError: `text` is not a str."""
        if _innermost() is self:
            mark(text)
        elif not isinstance(text, str):
            raise TypeError("a mark's text must be a str")

    def snapshot(self, name="", values=None):
        # type: (str, Any) -> None
        """Writes the live set, summed by stack, if this recorder runs.

        name    of the snapshot in the trace
        values  figures to keep beside it: [(title, unit, int), ...]; None:
                those of the function `snapshot_values`, if there is one

        It needs mode snapshot, or `track` with mode alloc; RuntimeError
        without.
        """
        if not isinstance(name, str):
            raise TypeError("a snapshot's name must be a str")
        if _innermost() is not self:
            return
        if values is None and self._values is not None:
            values = self._values()
        self._extension.snapshot(name, _figures(values))

    def heap(self):
        # type: () -> None
        """Writes the allocators' figures now, if this recorder runs."""
        if _innermost() is self:
            self._extension.heap()

    def dump(self, path=None):
        # type: (Any) -> str
        """Copies what is kept of the trace to a file, which is a trace by
        itself, and returns its name. Other threads run meanwhile.

        path    of the file; None: TRACE-dump-N.pmt beside the trace

        RuntimeError: this recorder does not run, or another one inside it
        does. OSError: the file can't be made (FileExistsError: it is there).
        """
        self._must_run()
        if path is not None:
            path = os.path.abspath(os.fsdecode(path))
        return str(self._extension.dump(self._serial, path))

    # ---- figures while it runs ----

    def get_traced_memory(self):
        # type: () -> Tuple[int, int]
        """(bytes of the blocks alive, their peak) since the start, as
        tracemalloc has it; needs `track` or mode snapshot, and is not to be
        had with `sample_bytes`."""
        self._must_run()
        current, peak = self._extension.traced_memory()
        return current, peak

    def reset_peak(self):
        # type: () -> None
        """Sets the peak of get_traced_memory() to what is alive now."""
        self._must_run()
        self._extension.reset_peak()

    def clear_traces(self):
        # type: () -> None
        """Forgets the blocks that are alive: they count no more in
        get_traced_memory() and snapshots. The trace is not changed."""
        self._must_run()
        self._extension.clear_traces()

    def get_object_traceback(self, obj):
        # type: (object) -> Optional[List[Tuple[str, int, str]]]
        """Where the memory of the object was allocated: [(file, line,
        function), ...], the innermost last; None if that is not known.
        Needs `track` or mode snapshot."""
        self._must_run()
        found = self._extension.object_traceback(obj)
        return None if found is None else list(found)

    def live_counts(self):
        # type: () -> Dict[str, Tuple[int, int, int]]
        """By the name of the type: (objects alive, created, destroyed) since
        the start. Needs `count_types`."""
        self._must_run()
        return dict(self._extension.live_counts())

    def memory(self):
        # type: () -> int
        """Bytes that the recorder itself takes: buffers and tables."""
        return int(self.stats().get("memory_bytes", 0))

    def stats(self):
        # type: () -> Dict[str, Any]
        """Figures of this recording, while it runs or as they were at its
        end; empty before the start:

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
        parts           files that the trace is in: more than one with
                        max_size or max_age
        disk_bytes      of all of them and the journal
        let_go          records in parts that were removed
        live_blocks     blocks and objects in the live set that the next part
                        would begin with
        dumps           copies made
        dumps_failed    copies at a signal, a mark or a resident set that
                        could not be made
        """
        if self._serial:
            return self._extension.stats(self._serial)  # type: ignore
        return dict(self._figures)

    @property
    def path(self):
        # type: () -> str
        """The whole name of the trace; before the start, as it was given."""
        figures = self.stats()
        if figures:
            return str(figures["path"])
        return os.fsdecode(self._template)

    def _modes(self):
        # type: () -> List[str]
        return _options.modes_of(self._settings["mode"])

    def _tracks(self):
        # type: () -> bool
        """Whether it keeps the live set, which a snapshot is made of."""
        modes = self._modes()
        return "snapshot" in modes or (
            "alloc" in modes and bool(self._settings["track"]))

    def _must_run(self):
        # type: () -> None
        if _innermost() is not self:
            raise RuntimeError("this recorder does not run")

    # ---- with and @ ----

    def __enter__(self):
        # type: () -> Recorder
        self.start()
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        self.stop()

    def __call__(self, function):
        # type: (Callable[..., Any]) -> Callable[..., Any]
        """The function, recorded while it runs."""
        from pmtrace import _decorate

        return _decorate.wrap(function, lambda: _decorate.Once(self))

    def __repr__(self):
        # type: () -> str
        return "<pmtrace.Recorder %r, mode %s%s>" % (
            self.path, self._settings["mode"],
            ", runs" if self in _running else "")


def mark(text):
    # type: (str) -> None
    """Puts a message into the trace of this process, with the time and the
    thread; does nothing where nothing is being recorded. TypeError: `text`
    is not a str."""
    if not isinstance(text, str):
        raise TypeError("a mark's text must be a str")
    if _recorder is not None:
        _recorder.mark(text)


def snapshot(name="", values=None):
    # type: (str, Any) -> None
    """Writes the live set of this process, as Recorder.snapshot(); does
    nothing where nothing is being recorded, or without the live set."""
    if not isinstance(name, str):
        raise TypeError("a snapshot's name must be a str")
    recorder = _innermost()
    if recorder is not None and recorder._tracks():
        recorder.snapshot(name, values)


def dump(path=None):
    # type: (Any) -> Optional[str]
    """Copies what is kept of this process's trace to a file, as
    Recorder.dump(); does nothing, and returns None, where nothing is being
    recorded."""
    recorder = _innermost()
    return None if recorder is None else recorder.dump(path)


def active():
    # type: () -> bool
    """True while this process is being recorded."""
    return _recorder is not None and _recorder.phase() == 1


def from_tracemalloc(path, snapshot=None, *, name="tracemalloc",
                     force=False):
    # type: (Any, Any, str, bool) -> str
    """Writes what `tracemalloc` knows as a trace with one snapshot record,
    and returns the trace's name.

    path      of the trace, as in Recorder
    snapshot  a tracemalloc.Snapshot, or the name of a file that one was
              dumped to; None: what is alive now in this process, where
              tracemalloc must be tracing
    name      of the snapshot in the trace
    force     replace a trace that is there

    A file is unpickled with nothing but tracemalloc's own classes allowed.
    RuntimeError: tracemalloc is not tracing. ValueError: the file holds no
    snapshot. OSError: as Recorder.start().
    """
    from pmtrace import _tracemalloc

    return _tracemalloc.write(path, snapshot, name, force)


def _innermost():
    # type: () -> Optional[Recorder]
    """The recorder that runs in this process, which may be the child of one
    where it ran."""
    return _running[-1] if _running and active() else None


def _check_free(path):
    # type: (str) -> None
    """FileExistsError where a trace is being written, by this process or
    another one: it is not to be replaced."""
    whole = os.path.realpath(path)
    if any(os.path.realpath(r.path) == whole for r in _running):
        raise FileExistsError(17, "is being recorded by this process", path)
    try:
        fd = os.open(path + ".journal", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    import fcntl
    import struct

    try:
        lock = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(
            "hhqqi", fcntl.fcntl(fd, fcntl.F_GETLK, lock)[:28])
    finally:
        os.close(fd)
    if kind != fcntl.F_UNLCK:
        raise FileExistsError(17, "is being recorded by process %d" % pid,
                              path)


def _figures(values):
    # type: (Any) -> Tuple[Tuple[str, str, int], ...]
    """Values beside a snapshot, checked. TypeError, ValueError."""
    checked = []
    for value in values or ():
        title, unit, number = value
        if not isinstance(title, str) or not isinstance(unit, str) or \
                isinstance(number, bool) or not hasattr(number, "__index__"):
            raise TypeError("a snapshot's value must be (str, str, int)")
        checked.append((title, unit, number.__index__()))
    return tuple(checked)


def _warn(text):
    # type: (str) -> None
    """One line on standard error, where there is one. Not by its buffer: what
    can't be written there changes the exit status."""
    line = "pmtrace: %s\n" % text
    try:
        if sys.stderr is sys.__stderr__:
            os.write(sys.stderr.fileno(),
                     line.encode("utf-8", "backslashreplace"))
        else:
            sys.stderr.write(line)
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


def _collect(recorder):
    # type: (Recorder) -> None
    if recorder._settings["collect"]:
        import gc

        gc.collect()


def _at_exit():
    # type: () -> None
    while len(_running) > 1:
        _running[-1].stop()
    if _running and active():
        _collect(_running[0])
        _name_threads()
    _recorder.at_exit()


def _register_exit():
    # type: () -> None
    global _exit_registered

    if not _exit_registered:
        import atexit

        atexit.register(_at_exit)
        _exit_registered = True
