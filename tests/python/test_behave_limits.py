"""Programs that go to the interpreter's limits behave recorded as unrecorded:
recursion, memory, and how an error is told."""
# RUN: few
# MODE: alloc,call,line

import sys

from recorder_support import finish, skip
import pmtrace
from untraced import same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# How deep it gets must be the same.
RECURSION = """\
import json, sys, threading
def deep(n):
    return 1 + deep(n + 1)
def depth():
    n = 0
    def down():
        nonlocal n
        n += 1
        down()
    try:
        down()
    except RecursionError as error:
        return n, str(error)[:32]
print(depth())
class A:
    def __repr__(self):
        return repr([self])
    def __getattr__(self, name):
        return getattr(self, name + "x")
for attempt in (lambda: repr(A()), lambda: A().x, lambda: deep(0)):
    try:
        attempt()
    except RecursionError as error:
        print(type(error).__name__)
threading.stack_size(64 << 20)
sys.setrecursionlimit(6000)
t = threading.Thread(target=lambda: print(depth()))
t.start()
t.join()
nested = []
for i in range(400):
    nested = [nested]
print(len(json.dumps(nested)))
witness(1)
sys.setrecursionlimit(1000)
deep(0)
"""

MEMORY = """\
import resource, sys
def attempts():
    yield lambda: bytearray(1 << 62)
    yield lambda: [0] * (1 << 60)
    yield lambda: "x" * ((1 << 63) - 10)
    yield lambda: b"".join([b"x" * (1 << 20)] * (1 << 40))
for attempt in attempts():
    try:
        attempt()
    except (MemoryError, OverflowError) as error:
        print(type(error).__name__)
with open("/proc/self/statm") as file:
    size = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (300 << 20),
                                        resource.RLIM_INFINITY))
for i in range(3):
    kept = []
    try:
        while len(kept) < 1000:
            kept.append(bytearray(10 << 20))
    except MemoryError:
        print("no more", len(kept) > 10)
    del kept
    witness(2)
for i in range(3):
    try:
        sum([bytearray(1 << 19) for j in range(2000)], [])
    except MemoryError:
        print("no more")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
witness(3)
raise MemoryError("at the end")
"""

CHAINED = """\
import sys
class Odd(Exception):
    def __str__(self):
        raise ValueError("no text")
def inner():
    try:
        {}[1]
    except KeyError as error:
        raise Odd("text") from error
try:
    inner()
except Odd as error:
    print(error.__cause__, error.__traceback__.tb_next.tb_lineno)
sys.excepthook = lambda *what: print("hook", what[0].__name__, file=sys.stderr)
sys.unraisablehook = lambda what: print("unraisable", what.exc_value)
class Bad:
    def __del__(self):
        witness(4)
        raise ValueError("in del")
Bad()
Bad()
inner()
"""

SYNTAX = "print('not run'\n"

GENERATORS = """\
import sys
def produce():
    try:
        while True:
            got = yield len([1] * 10)
            if got:
                raise got
    except GeneratorExit:
        print("closed")
    finally:
        print("finally")
g = produce()
for i in range(300):
    next(g)
try:
    g.throw(KeyError("thrown"))
except KeyError as error:
    print(error)
h = produce()
next(h)
del h
async def forever():
    while True:
        yield 1
def nested(n):
    if n:
        yield from nested(n - 1)
    yield n
print(sum(nested(200)))
exec(compile("def f():\\n  return [x*2 for x in range(10)]\\nprint(f())",
             "<made>", "exec"))
class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args)
class B(metaclass=Meta):
    __slots__ = ("a",)
print(len({B() for i in range(100)}))
witness(5)
sys.exit(200)
"""

same("recursion", RECURSION, witnessed=[1])
same("memory", MEMORY, witnessed=[2, 2, 2, 3], ways=("alloc", "always"))
same("chained", CHAINED, witnessed=[4, 4])
same("syntax", SYNTAX)
same("generators", GENERATORS, witnessed=[5])
if hasattr(sys, "set_int_max_str_digits"):
    same("digits", "print(len(str(10 ** 4000)))\nint('1' * 5000)\n")
finish()
