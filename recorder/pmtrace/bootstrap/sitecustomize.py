"""Starts the recorder in an interpreter that was started by `pmt record` or
`python3 -m pmtrace`, and leaves nothing of itself behind.

They put this folder at the front of PYTHONPATH and the settings into PMTRACE.
Both are put back as they were before anything of the program runs, so that
neither it nor its children see them. A sitecustomize that this one hides is
imported as if this one were not there.
"""

import os
import sys


def _restore(here, settings):
    """Takes this folder out of PYTHONPATH, sys.path and the caches."""
    value = os.environ.get("PYTHONPATH", "")
    if value == here:
        if settings.get("pythonpath") == "empty":
            os.environ["PYTHONPATH"] = ""
        else:
            os.environ.pop("PYTHONPATH", None)
    elif value.startswith(here + os.pathsep):
        os.environ["PYTHONPATH"] = value[len(here) + len(os.pathsep):]
    if here in sys.path:
        sys.path.remove(here)
    sys.path_importer_cache.pop(here, None)


def _start(package_parent, text):
    """Starts the recorder."""
    known = set(sys.path_importer_cache)
    try:
        sys.path.insert(0, package_parent)
        try:
            from pmtrace import _launch
        finally:
            sys.path.remove(package_parent)
        _launch.start(text)
    finally:
        for folder in set(sys.path_importer_cache) - known:
            del sys.path_importer_cache[folder]


def _run():
    here = os.path.dirname(os.path.abspath(__file__))
    text = os.environ.pop("PMTRACE", None)
    settings = {}
    for word in (text or "").split(","):
        key, _, value = word.partition("=")
        settings[key] = value
    _restore(here, settings)
    if text is not None:
        _start(os.path.dirname(os.path.dirname(here)), text)


_run()

# The sitecustomize that this one hides, if any.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402,F401
