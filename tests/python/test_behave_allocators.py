"""Programs that put hooks of their own into CPython's allocators, before a
recording, during it, and back in another order, behave recorded as
unrecorded."""
# MODE: alloc

import os
import subprocess

from recorder_support import (FOLDER, PYTHON, equal, finish, path, run,
                              skip, write)
import pmtrace
from untraced import WITNESS, same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# Hooks that count and pass on. put() goes over what is there, back() sets
# again what put() found, whoever is there by then.
HOOKS = """\
#include <stddef.h>

struct hooks {
    void *ctx;
    void *(*malloc)(void *, size_t);
    void *(*calloc)(void *, size_t, size_t);
    void *(*realloc)(void *, void *, size_t);
    void (*free)(void *, void *);
};
extern void PyMem_GetAllocator(int, struct hooks *);
extern void PyMem_SetAllocator(int, struct hooks *);

static struct hooks below[3];
static _Atomic long calls, held;

static void *on_malloc(void *ctx, size_t n)
{
    struct hooks *b = ctx;
    void *p = b->malloc(b->ctx, n);

    calls++, held += p != NULL;
    return p;
}

static void *on_calloc(void *ctx, size_t n, size_t size)
{
    struct hooks *b = ctx;
    void *p = b->calloc(b->ctx, n, size);

    calls++, held += p != NULL;
    return p;
}

static void *on_realloc(void *ctx, void *old, size_t n)
{
    struct hooks *b = ctx;
    void *p = b->realloc(b->ctx, old, n);

    calls++, held += p != NULL && old == NULL;
    return p;
}

static void on_free(void *ctx, void *p)
{
    struct hooks *b = ctx;

    calls++, held -= p != NULL;
    b->free(b->ctx, p);
}

void put(void)
{
    for (int i = 0; i < 3; i++) {
        struct hooks mine = {&below[i], on_malloc, on_calloc, on_realloc,
                             on_free};

        PyMem_GetAllocator(i, &below[i]);
        PyMem_SetAllocator(i, &mine);
    }
}

void back(void)
{
    for (int i = 0; i < 3; i++)
        PyMem_SetAllocator(i, &below[i]);
}

long count(void)
{
    return calls;
}
"""

LOADED = """\
import ctypes, os, sys
hooks = ctypes.PyDLL(%r)
def some():
    before = hooks.count()
    kept = [[i] for i in range(1000)]
    return hooks.count() - before > 500
"""

# While it is recorded from outside.
DURING = """\
print(some())
for i in range(3):
    hooks.put()
    witness(i)
    kept = [bytes(n) for n in range(2000)]
    print(some())
    hooks.back()
    del kept
    print(some())
hooks.put()
left = [bytes(n) for n in range(2000)]
witness(4)
"""

# An inner recording, in all orders. The argument says whether to record.
ORDERS = """\
import pmtrace
class Nothing:
    def start(self): pass
    stop = start
def recorder(name):
    return pmtrace.Recorder(os.path.join(sys.argv[2], name + ".pmt"),
                            force=True) if sys.argv[1] == "1" else Nothing()
def work(n):
    witness(n)
    return [bytes(i) for i in range(1000)] and some()
def order(name, *steps):
    r = recorder(name)
    said = []
    for step in steps:
        if step in ("put", "back"):
            getattr(hooks, step)()
        else:
            getattr(r, step)()
        said.append(work(1))
    print(name, said)
order("inside", "start", "put", "back", "stop")
order("around", "put", "start", "stop", "back")
# Restores the recorder's hooks after its end.
order("over_first", "start", "put", "stop", "back")
# Takes the recorder's hooks away while it runs.
order("over_last", "put", "start", "back", "stop")
order("again", "start", "put", "back", "stop")
"""

source = write("hooks.c", HOOKS)
done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o",
                       path("hooks.so"), source], stderr=subprocess.PIPE)
if done.returncode:
    skip("no C compiler: " + done.stderr.decode()[:80])
loaded = LOADED % path("hooks.so")

same("during", loaded + DURING, witnessed=[0, 1, 2, 4],
     ways=("alloc", "always", "all"))

program = write("orders.py", WITNESS + loaded + ORDERS)
plain = run([PYTHON, program, "0", FOLDER])
recorded = run([PYTHON, program, "1", FOLDER])
equal(recorded.triple(), plain.triple(), "orders")
equal(plain.status, 0, plain.err)
for name in ("inside", "around", "over_first", "again"):
    trace = os.path.join(FOLDER, name + ".pmt")
    found = run(["pmt", "check", trace])
    equal(found.status, 0, name + ": " + found.out)
    # The blocks of the steps from start to stop: witness(1) after each.
    lines = run(["pmt", "dump", "--json", "--kind", "alloc", trace]).out
    blocks = sum('"size":%d,' % (77101 + more) in line and
                 '_free"' not in line
                 for line in lines.splitlines() for more in (0, 32))
    steps = {"inside": 3, "around": 1, "over_first": 2, "again": 3}[name]
    equal(blocks, 3 * steps, name + ": blocks of witness(1)")
finish()
