"""The classes and functions of pymemtrace's cPyMemTrace, with its names and
arguments, over pmtrace's recorder.

    from pmtrace import pymemtrace as cPyMemTrace

    with cPyMemTrace.Profile(d_rss_trigger=-1, message="start") as profiler:
        work()
        profiler.write_message_to_log("after work()")

What they write is a trace, not a text: `pmt dump` prints it. A page of the
documentation (docs/pymemtrace.md) has the differences.
"""

import os
import sys

import pmtrace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence

__all__ = [
    "Profile", "ReferenceTracing", "ReferenceTracingSimple", "Trace",
    "profile", "profile_log_path", "profile_wrapper_depth",
    "profile_write_message_to_log", "reference_tracing",
    "reference_tracing_live_object_counts", "reference_tracing_log_path",
    "reference_tracing_simple_wrapper_depth",
    "reference_tracing_wrapper_depth",
    "reference_tracing_write_message_to_log", "rss", "rss_peak", "trace",
    "trace_log_path", "trace_wrapper_depth", "trace_write_message_to_log"]

_ordinal = 0  # of the traces that were given no name


class _Shell:
    """What the four classes share: a recorder for each `with`."""

    _letter = ""
    _stack = []  # type: List[Any]  # those entered, the innermost last

    def __init__(self, message, filepath):
        # type: (Optional[str], Any) -> None
        if message is not None and not isinstance(message, str):
            raise TypeError("message must be a str")
        self._message = message
        self._filepath = filepath
        self._recorder = None  # type: Optional[pmtrace.Recorder]

    def _settings(self):
        # type: () -> Dict[str, Any]
        raise NotImplementedError

    def __enter__(self):
        # type: () -> Any
        if self._recorder is not None and self in self._stack:
            raise RuntimeError("it is entered already")
        path = self._filepath
        given = path is not None
        if not given:
            path = self._default_name()
        self._recorder = pmtrace.Recorder(
            _literal(path), force=given, **self._settings())
        self._recorder.start()
        self._stack.append(self)
        if self._message is not None:
            self._recorder.mark(self._message)
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        if self not in self._stack or self._recorder is None:
            raise RuntimeError("it was not entered")
        self._stack.remove(self)
        self._recorder.stop()

    def _default_name(self):
        # type: () -> str
        """As 20241107_195847_12_62264_P_0_PY3.13.0.pmt, in this folder."""
        global _ordinal
        import time

        name = "%s_%d_%d_%s_%d_PY%s.pmt" % (
            time.strftime("%Y%m%d_%H%M%S"), _ordinal, os.getpid(),
            self._letter, len(self._stack), sys.version.split()[0])
        _ordinal += 1
        return name

    def log_file_path(self):
        # type: () -> Optional[str]
        """The trace's name; None before the first `with`."""
        return self._recorder.path if self._recorder is not None else None

    def write_message_to_log(self, message):
        # type: (str) -> None
        """Puts a message into the trace."""
        if self._recorder is None or self not in self._stack:
            raise OSError("the trace is not being written")
        self._recorder.mark(message)

    def write_to_log(self, message):
        # type: (str) -> None
        """The same as write_message_to_log()."""
        self.write_message_to_log(message)


class _RssShell(_Shell):
    """Profile and Trace."""

    _mode = ""

    def __init__(self, d_rss_trigger=-1, message=None, filepath=None):
        # type: (int, Optional[str], Any) -> None
        super().__init__(message, filepath)
        if not hasattr(d_rss_trigger, "__index__"):
            raise TypeError("d_rss_trigger must be an int")
        self.d_rss_trigger = d_rss_trigger.__index__()

    def _settings(self):
        # type: () -> Dict[str, Any]
        trigger = self.d_rss_trigger
        if trigger < 0:
            trigger = os.sysconf("SC_PAGESIZE")
        return {"mode": self._mode, "rss_trigger": trigger}


class Profile(_RssShell):
    """Records calls, returns and exceptions of Python and C functions, with
    the resident set size: mode call.

    d_rss_trigger  -1: only events at which the resident set has moved by a
                   page or more since the last recorded one, and the event
                   before each; 0: every event; N: as -1, with N bytes
                   (default -1)
    message        of the first mark in the trace
    filepath       of the trace, which is replaced if it is there; None: a
                   name in this folder like 20241107_195847_12_62264_P_0_PY3.13
                   .0.pmt, of the time, an ordinal, the process, P, the depth
                   and the version
    """

    _letter = "P"
    _mode = "call"
    _stack = []


class Trace(_RssShell):
    """Records calls, lines, returns and exceptions of Python functions, with
    the resident set size: mode line. Arguments as those of Profile; the
    letter in the name is T."""

    _letter = "T"
    _mode = "line"
    _stack = []


class _Counts:
    """Created and destroyed objects, while and after they are counted."""

    _recorder = None  # type: Optional[pmtrace.Recorder]
    _kept = {}  # type: Dict[str, Any]

    def _counts(self):
        # type: () -> Dict[str, Any]
        recorder = self._recorder
        if recorder is not None and pmtrace.Recorder.running() is recorder:
            self._kept = recorder.live_counts()
        return self._kept

    def count_new(self):
        # type: () -> int
        """Objects created."""
        return sum(row[1] for row in self._counts().values())

    def count_del(self):
        # type: () -> int
        """Objects destroyed that were created while counting."""
        return sum(row[2] for row in self._counts().values())

    def suspend(self):
        # type: () -> None
        """Records nothing until resume()."""
        if self._recorder is not None:
            self._recorder.suspend()

    def resume(self):
        # type: () -> None
        """Goes on after suspend()."""
        if self._recorder is not None:
            self._recorder.resume()


class ReferenceTracing(_Counts, _Shell):
    """Records the creation and destruction of objects: mode object. CPython
    3.13 or later; destructions are complete from 3.13.3.

    message             of the first mark in the trace
    filepath            as in Profile; the letter is O
    include_builtins    True: types of the module builtins too (default False)
    exclude_tp_names    names of types to leave out; goes before the next
    include_tp_names    names of the only types to record
    gc_collect_on_exit  generation of a gc.collect() before the end, 0 to 2;
                        -1: none (default 2)
    """

    _letter = "O"
    _stack = []

    def __init__(self, message=None, filepath=None, include_builtins=False,
                 exclude_tp_names=None, include_tp_names=None,
                 gc_collect_on_exit=2):
        # type: (Optional[str], Any, bool, Any, Any, int) -> None
        super().__init__(message, filepath)
        if not -1 <= gc_collect_on_exit <= 2:
            raise ValueError("gc_collect_on_exit must be -1, 0, 1, 2 not %d"
                             % gc_collect_on_exit)
        self._builtins = bool(include_builtins)
        self._types = (_globs("include_tp_names", include_tp_names, "") +
                       _globs("exclude_tp_names", exclude_tp_names, "!"))
        self._collect = gc_collect_on_exit

    def _settings(self):
        # type: () -> Dict[str, Any]
        return {"mode": "object", "types": self._types,
                "builtins": int(self._builtins), "count_types": 1,
                "object_rss": 1}

    def __exit__(self, *exception):
        # type: (object) -> None
        if self._collect >= 0:
            import gc

            gc.collect(self._collect)
        self._counts()
        super().__exit__(*exception)

    def live_object_counts(self):
        # type: () -> Dict[str, int]
        """Objects alive, by the name of the type."""
        return {name: row[0] for name, row in self._counts().items()}


class ReferenceTracingSimple(_Counts, _Shell):
    """Counts objects created and destroyed, of all types. Its trace is a
    temporary file, removed at the end."""

    _letter = "O"
    _stack = []

    def __init__(self):
        # type: () -> None
        super().__init__(None, None)
        self._folder = None  # type: Optional[str]

    def _settings(self):
        # type: () -> Dict[str, Any]
        return {"mode": "object", "count_types": 1, "object_frames": 0}

    def __enter__(self):
        # type: () -> ReferenceTracingSimple
        import tempfile

        self._folder = tempfile.mkdtemp()
        self._filepath = os.path.join(self._folder, "simple.pmt")
        try:
            super().__enter__()
        except BaseException:
            os.rmdir(self._folder)
            raise
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        import shutil

        self._counts()
        try:
            super().__exit__(*exception)
        finally:
            shutil.rmtree(str(self._folder), ignore_errors=True)


# ---- decorators ----


def _decorator(make):
    # type: (Callable[[], Any]) -> Callable[..., Any]
    from pmtrace import _decorate

    return lambda function: _decorate.wrap(function, make)


def profile(*args, **kwargs):
    # type: (Any, Any) -> Callable[..., Any]
    """Decorator: each call of the function inside Profile(...)."""
    return _decorator(lambda: Profile(*args, **kwargs))


def trace(*args, **kwargs):
    # type: (Any, Any) -> Callable[..., Any]
    """Decorator: each call of the function inside Trace(...)."""
    return _decorator(lambda: Trace(*args, **kwargs))


def reference_tracing(*args, **kwargs):
    # type: (Any, Any) -> Callable[..., Any]
    """Decorator: each call of the function inside ReferenceTracing(...)."""
    return _decorator(lambda: ReferenceTracing(*args, **kwargs))


# ---- functions of the module ----


def rss():
    # type: () -> int
    """The resident set size of this process in bytes, from /proc."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def rss_peak():
    # type: () -> int
    """Its peak in bytes, from getrusage()."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def profile_wrapper_depth():
    # type: () -> int
    """How many Profile are entered."""
    return len(Profile._stack)


def trace_wrapper_depth():
    # type: () -> int
    """How many Trace are entered."""
    return len(Trace._stack)


def reference_tracing_wrapper_depth():
    # type: () -> int
    """How many ReferenceTracing are entered."""
    return len(ReferenceTracing._stack)


def reference_tracing_simple_wrapper_depth():
    # type: () -> int
    """How many ReferenceTracingSimple are entered."""
    return len(ReferenceTracingSimple._stack)


def profile_log_path():
    # type: () -> Optional[str]
    """The trace of the innermost Profile, or None."""
    return Profile._stack[-1].log_file_path() if Profile._stack else None


def trace_log_path():
    # type: () -> Optional[str]
    """The trace of the innermost Trace, or None."""
    return Trace._stack[-1].log_file_path() if Trace._stack else None


def reference_tracing_log_path():
    # type: () -> Optional[str]
    """The trace of the innermost ReferenceTracing, or None."""
    stack = ReferenceTracing._stack
    return stack[-1].log_file_path() if stack else None


def profile_write_message_to_log(message):
    # type: (str) -> None
    """A message into the trace of the innermost Profile."""
    _innermost(Profile).write_message_to_log(message)


def trace_write_message_to_log(message):
    # type: (str) -> None
    """A message into the trace of the innermost Trace."""
    _innermost(Trace).write_message_to_log(message)


def reference_tracing_write_message_to_log(message):
    # type: (str) -> None
    """A message into the trace of the innermost ReferenceTracing."""
    _innermost(ReferenceTracing).write_message_to_log(message)


def reference_tracing_live_object_counts():
    # type: () -> Dict[str, int]
    """Objects alive, by type, of the innermost ReferenceTracing."""
    return _innermost(ReferenceTracing).live_object_counts()  # type: ignore


def _innermost(kind):
    # type: (Any) -> Any
    if not kind._stack:
        raise RuntimeError("no %s is entered" % kind.__name__)
    return kind._stack[-1]


def _literal(path):
    # type: (Any) -> str
    """A path in which a percent sign means itself."""
    return os.fsdecode(path).replace("%", "%%")


def _globs(what, names, sign):
    # type: (str, Optional[Sequence[str]], str) -> List[str]
    """Globs for types of these names, in whichever module."""
    globs = []
    for name in (names,) if isinstance(names, str) else names or ():
        if not isinstance(name, str):
            raise TypeError("%s must be a sequence of str" % what)
        plain = "".join("\\" + c if c in "*?[]\\!" else c for c in name)
        globs += [sign + plain, sign + "*." + plain]
    return globs
