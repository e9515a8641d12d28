"""record_events.py NAME call|line|opcode PROGRAM: records a program of
event_programs.py into NAME.pmt, and writes into NAME.json what a function given to sys.setprofile() or
sys.settrace() was told, by thread.

From CPython 3.12 on both happen in one run. Before, a thread has room for one
of them, so the program runs twice.
"""

import gc
import json
import sys
import threading

import event_programs
import pmtrace

NAME, KIND, PROGRAM = sys.argv[1:]
program = getattr(event_programs, PROGRAM)
set_hook = sys.setprofile if KIND == "call" else sys.settrace
set_others = threading.setprofile if KIND == "call" else threading.settrace
TOGETHER = sys.version_info >= (3, 12)

logs = []
mine = threading.local()


def defining(owner, name):
    """The class that has the built-in method, or None."""
    for kind in owner.__mro__:
        if type(vars(kind).get(name)).__name__ in (
                "method_descriptor", "classmethod_descriptor",
                "builtin_function_or_method", "staticmethod") and \
                not hasattr(getattr(kind, name), "__code__"):
            return kind
    return None


def function_name(function):
    """[name, module] of a built-in function or method, from what it says of
    itself."""
    name = function.__name__
    owner = function.__self__
    if owner is None or isinstance(owner, type(sys)):
        return [name, function.__module__]
    if isinstance(owner, type):
        kind = owner if name == "__new__" else defining(owner, name)
        if kind is None:
            kind = defining(type(owner), name)
    else:
        kind = defining(type(owner), name)
    if kind is None:
        return [name, function.__module__]
    return [kind.__qualname__ + "." + name, kind.__module__]


def log(frame, event, arg):
    if not hasattr(mine, "events"):
        mine.events = []
        logs.append(mine.events)
    if KIND == "opcode":
        frame.f_trace_opcodes = True
    code = frame.f_code
    function = None
    if event.startswith("c_"):
        function = function_name(arg)
    mine.events.append((event, code.co_filename, code.co_firstlineno,
                        code.co_name, frame.f_lineno or 0, function,
                        frame.f_lasti if event == "opcode" else None))
    return log


def enter():
    """In a new thread that the threading module knows nothing of."""
    if not hasattr(mine, "events"):
        set_hook(log)


def enter_unlogged():
    pass


def window_opens():
    pass


def window_closes():
    pass


def logged():
    event_programs.enter = enter
    if KIND == "opcode":
        # 3.12 looks at frames when sys.settrace() is called, and only then.
        sys._getframe().f_trace_opcodes = True
    set_others(log)
    set_hook(log)
    window_opens()
    program()
    window_closes()
    set_hook(None)
    set_others(None)
    event_programs.enter = enter_unlogged


def main():
    gc.disable()
    program()
    program()
    recorder = pmtrace.Recorder(
        NAME + ".pmt", mode="call" if KIND == "call" else "line",
        opcodes=int(KIND == "opcode"),
        when_full="wait", rss_us=0)
    if not TOGETHER:
        logged()
    recorder.start()
    if TOGETHER:
        logged()
    else:
        window_opens()
        program()
        window_closes()
    recorder.stop()
    with open(NAME + ".json", "w") as file:
        json.dump(logs, file)


if __name__ == "__main__":
    main()
