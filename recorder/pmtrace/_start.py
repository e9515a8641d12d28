"""The start of the recorder by pmtrace.pth or pmtrace.start, in an
interpreter that pmtrace is installed for."""

import os
import sys

from pmtrace import _launch, _options


def _restore(empty):
    # type: (bool) -> None
    """Takes out what `pmt record` put into PYTHONPATH, which is there but
    not followed under -I and -E."""
    first, colon, rest = os.environ.get("PYTHONPATH", "").partition(os.pathsep)
    if first.endswith(os.path.join("pmtrace", "bootstrap")):
        if colon or empty:
            os.environ["PYTHONPATH"] = rest
        else:
            del os.environ["PYTHONPATH"]


def from_environment():
    # type: () -> None
    """Records this process as PMTRACE says, and leaves the environment as if
    it had not been set. What goes wrong is said in one line."""
    sys.modules.pop("_pmtrace_start", None)
    if _launch.begun is not None:
        return  # site reads the .pth files of a virtual environment twice
    if not _launch.is_main():
        return
    text = os.environ.pop(_options.VARIABLE)
    _restore("pythonpath=empty" in text)
    _launch.start(text)
