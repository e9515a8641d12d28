"""Starts the recorder in an interpreter that was started by `pmt record` or
`python3 -m pmtrace`, and leaves nothing of itself behind.

They put this folder at the front of PYTHONPATH and the settings into PMTRACE.
Both are put back as they were before anything of the program runs; where its
children are to be recorded, the recorder sets them again. A sitecustomize that
this one hides is imported as if this one were not there. Any Python may come
here, also an older one and a sub-interpreter, which the environment is not for.
"""

import os
import sys


def _restore(here, text):
    """Takes this folder and the settings out of the environment."""
    del os.environ["PMTRACE"]
    value = os.environ.get("PYTHONPATH", "")
    if value == here:
        if "pythonpath=empty" in text.split(","):
            os.environ["PYTHONPATH"] = ""
        else:
            os.environ.pop("PYTHONPATH", None)
    elif value.startswith(here + os.pathsep):
        os.environ["PYTHONPATH"] = value[len(here) + len(os.pathsep):]


def _start(here, text):
    """Starts the recorder, in a Python that has one."""
    parent = os.path.dirname(os.path.dirname(here))
    known = set(sys.path_importer_cache)
    sys.path.insert(0, parent)
    try:
        from pmtrace import _launch
    finally:
        sys.path.remove(parent)
    if _launch.is_main():
        _restore(here, text)
        _launch.start(text)
    for folder in set(sys.path_importer_cache) - known:
        del sys.path_importer_cache[folder]


def _run():
    here = os.path.dirname(os.path.abspath(__file__))
    text = os.environ.get("PMTRACE", "0")
    if here in sys.path:
        sys.path.remove(here)
    sys.path_importer_cache.pop(here, None)
    if text not in ("", "0") and sys.version_info >= (3, 8):
        _start(here, text)


_run()

# The sitecustomize that this one hides, if any.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402,F401
