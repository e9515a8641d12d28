"""Samples of the process for a part of a program."""

import _thread
import os

import pmtrace
from pmtrace import _options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional

# Of a trace that sampling() begins without a name.
DEFAULT_PATH = "python-%p-%n.pmt"

_lock = _thread.RLock()
_asked = []  # type: List[_Asked]
_registered = False


class _Asked:
    """What one `with` asked for."""

    __slots__ = ("ms", "groups", "thread", "recorder", "stops")

    def __init__(self, ms, groups):
        # type: (int, int) -> None
        self.ms = ms
        self.groups = groups
        self.thread = _thread.get_ident()
        self.recorder = None  # type: Any  # that it keeps running
        self.stops = False  # when it ends, whoever else is inside


class sampling:
    """Records figures of this process, resident set and processor time among
    them, every `interval` seconds.

        with pmtrace.sampling(interval=0.5) as s:
            load()
            s.label("parsed 181 MB")
            work()

        @pmtrace.sampling(interval=0.1)
        def job(): ...

    They go into the trace of the recording that runs, beside whatever it
    records, and of an inner one while there is one. Where none runs one is
    begun, of mode sample; it ends with the last sampling() that is inside.
    A thread that does not need the GIL takes them, on time also while the
    program computes; one more is taken at the start, at the end and at each
    mark. Of several at once the shortest interval counts, and all groups.

    interval  seconds, 0.001 or more (default 0.5)
    groups    figures to take: words with commas, or an iterable of str, as
              the setting sample_groups of pmtrace.Recorder (default "")
    path      name of the trace, as in pmtrace.Recorder; a recording of its
              own then, inside the one that runs (default: the one that runs,
              or python-%p.pmt; a name that is taken gets a number)
    force     replace a trace that is there; with `path` (default False)

    ValueError, TypeError: an argument is wrong. OSError: the trace can't be
    made. ImportError: the recorder is not built for this CPython.
    """

    def __init__(self, interval=0.5, groups="", path=None, force=False):
        # type: (float, Any, Any, bool) -> None
        if isinstance(interval, bool) or not isinstance(interval,
                                                        (int, float)):
            raise TypeError("interval must be a number")
        ms = int(round(interval * 1000)) if 0 < interval < 1e9 else 0
        settings = _options.check(dict(
            _options.DEFAULTS, mode="sample", sample_groups=groups,
            sample_ms=_options.DEFAULTS["sample_ms"]))
        low, high = _options.LIMITS["sample_ms"]
        if not low <= ms <= high:
            raise ValueError("interval must be %g to %d seconds, not %r"
                             % (low / 1000, high // 1000, interval))
        self.interval = interval
        self._ms = ms
        self._groups = settings["sample_groups"]
        self._path = path
        self._force = force
        self._entered = []  # type: List[_Asked]
        pmtrace._extension()

    @property
    def path(self):
        # type: () -> Optional[str]
        """The trace that samples go to now; None: none."""
        recorder = pmtrace.Recorder.running()
        return None if recorder is None else recorder.path

    def label(self, text):
        # type: (str) -> None
        """Puts a mark into the trace, and a sample beside it. Does nothing
        where nothing is being recorded. TypeError: `text` is not a str."""
        pmtrace.mark(text)

    def __enter__(self):
        # type: () -> sampling
        asked = _Asked(self._ms, _options.group_bits(self._groups))
        with _lock:
            _register()
            if self._path is not None:
                asked.recorder = self._recorder(self._path)
                asked.recorder.start()
                asked.stops = True
            elif not pmtrace.active():
                asked.recorder = self._recorder(DEFAULT_PATH)
                asked.recorder._start(b"", b"", True)
            else:
                asked.recorder = _kept()
            _asked.append(asked)
            _tell()
        self._entered.append(asked)
        if asked.recorder is None:
            pmtrace._recorder.sample_now()
        return self

    def __exit__(self, *exception):
        # type: (object) -> None
        asked = self._entered.pop()
        with _lock:
            if asked not in _asked:
                return  # of the process that this one was forked from
            last = asked.stops or asked.recorder is not None and not any(
                one is not asked and one.recorder is asked.recorder
                for one in _asked)
            if not last:
                pmtrace._recorder.sample_now()
            _asked.remove(asked)
            _tell()
            if last:
                asked.recorder.stop()

    def _recorder(self, path):
        # type: (Any) -> Any
        return pmtrace.Recorder(path, "sample", force=self._force,
                                sample_ms=self._ms,
                                sample_groups=self._groups)

    def __call__(self, function):
        # type: (Callable[..., Any]) -> Callable[..., Any]
        """The function, of which samples are taken while it runs."""
        from pmtrace import _decorate

        return _decorate.wrap(function, lambda: sampling(
            self.interval, self._groups, self._path, self._force))

    def __repr__(self):
        # type: () -> str
        return "pmtrace.sampling(%r)" % self.interval


def _kept():
    # type: () -> Any
    """The innermost recorder, where sampling() began it without a name."""
    recorder = pmtrace.Recorder.running()
    for one in _asked:
        if one.recorder is recorder and not one.stops:
            return recorder
    return None


def _tell():
    # type: () -> None
    """Tells the extension what is asked for by all."""
    groups = 0
    for one in _asked:
        groups |= one.groups
    pmtrace._recorder.sample_ask(
        min([one.ms for one in _asked] or [0]), groups)


# ---- forks ----


def _in_child():
    # type: () -> None
    """What other threads asked for is not asked for here."""
    global _lock

    _lock = _thread.RLock()
    here = _thread.get_ident()
    running = pmtrace._running
    _asked[:] = [one for one in _asked if one.thread == here and
                 (one.recorder is None or one.recorder in running)]
    _tell()


def _register():
    # type: () -> None
    global _registered

    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_child)
    _registered = True
