"""Between the process that is told what to record and the one that is
recorded: settings, the environment that carries them, and the start."""

import os
import sys

import pmtrace
from pmtrace import _options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, MutableMapping, Optional

begun = None  # type: Any  # the Recorder that begin() started


def settings_of(text):
    # type: (str) -> Dict[str, Any]
    """Settings from the variable PMTRACE, with defaults. ValueError."""
    settings = dict(_options.DEFAULTS, out=_options.DEFAULT_NAME)
    settings.update(_options.INTERNAL)
    given = _options.split(text)
    settings.update(_options.PRESETS[given.pop("preset", "1")])
    for name, value in given.items():
        if name not in settings:
            raise ValueError(_options.no_setting(name, settings))
        try:
            settings[name] = _options.parse(name, value)
        except ValueError as error:
            text = str(error)
            raise ValueError(text if text.startswith(name)
                             else "%s: %s" % (name, text))
    if settings["out"] and not os.path.isabs(settings["out"]):
        # A process that this one starts may be elsewhere.
        settings["out"] = os.path.join(os.getcwd().replace("%", "%%"),
                                       settings["out"])
    return settings


def recorder_of(settings):
    # type: (Dict[str, Any]) -> pmtrace.Recorder
    """A Recorder with these settings, not started. ValueError."""
    return pmtrace.Recorder(
        settings["out"], settings["mode"], force=bool(settings["force"]),
        **{name: settings[name] for name in _options.DEFAULTS
           if name != "mode"})


def begin(settings):
    # type: (Dict[str, Any]) -> pmtrace.Recorder
    """Records this process from here to its end, or to `pmt detach`."""
    global begun

    recorder = recorder_of(settings)
    path = _options.expand(settings["out"])
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        raise OSError(21, "is a folder; with / behind it the trace is made "
                      "in it", path)
    if folder and not os.path.lexists(folder):
        raise OSError(2, os.strerror(2), folder)
    if settings["verbose"]:
        pmtrace._recorder.verbose(True)
    recorder._told = {name: settings[name]
                      for name in ("verbose",) if settings[name]}
    recorder._start(bytes.fromhex(settings["parent"]),
                    bytes.fromhex(settings["session"]), True)
    begun = recorder
    return recorder


def is_main():
    # type: () -> bool
    """False in a sub-interpreter, which starts as the process did: the
    environment is not for it, and the main one records it too."""
    if pmtrace._recorder is None:
        return "interpreter" not in str(pmtrace._import_error)
    return bool(pmtrace._recorder.is_main())


def start(text):
    # type: (str) -> None
    """Records this process as the variable PMTRACE, `text`, says. What goes
    wrong is told in one line, and the program runs unrecorded."""
    if text.strip() in ("", "0"):
        return
    try:
        begin(settings_of(text))
    except Exception as error:
        why = str(getattr(error, "strerror", None) or error or type(error).__name__)
        name = getattr(error, "filename", None)
        if isinstance(error, ValueError):
            name = _options.VARIABLE
        pmtrace._warn("%s%s; the program runs unrecorded"
                      % (os.fsdecode(name) + ": " if name else "", why))


def bootstrap_folder():
    # type: () -> str
    return os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "bootstrap")


def with_bootstrap(path):
    # type: (Optional[str]) -> Optional[str]
    """PYTHONPATH with the bootstrap before `path`, its value; None: none is
    needed, since pmtrace is installed."""
    folder = bootstrap_folder()
    package = os.path.dirname(os.path.dirname(folder))
    if os.path.exists(os.path.join(package, "pmtrace.pth")):
        return None
    # An empty element would mean the current folder.
    return folder + os.pathsep + path if path else folder


def environment(settings, environ):
    # type: (Dict[str, Any], MutableMapping[str, str]) -> Dict[str, str]
    """A copy of `environ` in which the next interpreter is recorded."""
    changed = dict(environ)
    folder = bootstrap_folder()
    before = environ.get("PYTHONPATH")
    if before:
        changed["PYTHONPATH"] = folder + os.pathsep + before
    else:
        # An empty element would mean the current folder.
        changed["PYTHONPATH"] = folder
        if before is not None:
            settings = dict(settings, pythonpath="empty")
    changed[_options.VARIABLE] = _options.join(settings)
    return changed


def python_blocks_bootstrap():
    # type: () -> str
    """The option of this interpreter that keeps the recorder from being
    started in it, or an empty string. pmtrace.pth works under -I and -E."""
    if sys.flags.no_site:
        return "-S"
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if os.path.exists(os.path.join(package, "pmtrace.pth")):
        return ""
    if sys.flags.isolated:
        return "-I"
    if sys.flags.ignore_environment:
        return "-E"
    return ""
