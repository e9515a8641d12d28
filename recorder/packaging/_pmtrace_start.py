"""Starts the recorder where the variable PMTRACE asks for it.

The interpreter comes here at its start by pmtrace.pth, only if the variable
is set, or from 3.18 on by pmtrace.start, always; both lie beside this file.
Where the variable is not set this must do nothing and import nothing.
"""

import os


def start():
    text = os.environ.get("PMTRACE")
    if not text:
        return
    import sys

    if text == "0":
        sys.modules.pop(__name__, None)
        return

    # `pmt record` and `python3 -m pmtrace` put a folder with a sitecustomize
    # first; that starts the recorder of theirs, if it will be found.
    first = os.environ.get("PYTHONPATH", "").split(os.pathsep)[0]
    if first.endswith(os.path.join("pmtrace", "bootstrap")) and \
            first in sys.path:
        sys.modules.pop(__name__, None)
        return
    from pmtrace import _start

    _start.from_environment()
