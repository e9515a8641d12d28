"""Programs whose calls and lines are compared event by event. Each does the
same at each run, has all its own code in this file, and begins threads with
functions begin_..., which call `enter` first.

An object that a local variable holds is not deleted in them: up to 3.10 a
Python function given to sys.setprofile() makes it live longer."""

import _thread
import asyncio
import configparser
import contextlib
import csv
import difflib
import functools
import io
import json
import re
import string
import textwrap
import threading


def nothing():
    pass


# The harness sets it: to be called first in each new thread.
enter = nothing


class Wrong(Exception):
    pass


def recursion():
    def tree(depth):
        return [tree(depth - 1), tree(depth - 1)] if depth else []

    def fib(n):
        if n < 2:
            return n
        return fib(n - 1) + fib(n - 2)

    def even(n):
        return True if n == 0 else odd(n - 1)

    def odd(n):
        return False if n == 0 else even(n - 1)

    class Node:
        def __init__(self, depth):
            self.kids = [Node(depth - 1) for _ in range(2)] if depth else []

        def count(self):
            return 1 + sum(kid.count() for kid in self.kids)

    return tree(5), fib(9), even(40), Node(4).count()


def generators():
    def count(n):
        for i in range(n):
            got = yield i
            if got is not None:
                yield got

    def chain(n):
        result = yield from count(n)
        yield from (x for x in [1, 2])
        return result

    def stubborn():
        for _ in range(3):
            try:
                yield 1
            except Wrong:
                yield 2
            finally:
                len("x")

    def empty():
        return
        yield

    total = sum(chain(5)) + len(list(empty()))
    g = chain(4)
    next(g)
    g.send("x")
    g.close()
    g = stubborn()
    next(g)
    total += g.throw(Wrong())
    with contextlib.suppress(Wrong):
        g.throw(Wrong())
    with contextlib.suppress(Wrong):
        stubborn().throw(Wrong())
    with contextlib.suppress(StopIteration):
        next(empty())
    g = chain(3)
    next(g)
    with contextlib.suppress(Wrong):
        g.throw(Wrong())
    kept = [stubborn()]
    next(kept[0])
    kept.clear()
    a, *b = (i * 2 for i in range(4))
    return total, [x for x in count(3)], {x for x in count(2)}, a, b


def exceptions():
    def fail(n):
        if n == 0:
            raise Wrong("bottom")
        try:
            fail(n - 1)
        except Wrong as error:
            if n % 2:
                raise
            raise Wrong(str(n)) from error
        finally:
            str(n)

    def in_c():
        for bad in (lambda: int("x"), lambda: {}["k"], lambda: [].pop(),
                    lambda: sorted([1, "a"]), lambda: getattr(1, "no"),
                    lambda: sorted([3, 2], key=lambda x: 1 // 0),
                    lambda: list(map(int, ["1", "y"])), lambda: None.no,
                    lambda: next(iter(()))):
            try:
                bad()
            except (ValueError, KeyError, IndexError, TypeError,
                    AttributeError, ZeroDivisionError, StopIteration):
                pass

    @contextlib.contextmanager
    def held(name):
        try:
            yield name
        except Wrong:
            len(name)
            raise
        finally:
            len(name)

    for n in range(6):
        try:
            fail(n)
        except Wrong:
            pass
    in_c()
    try:
        with held("a"), held("b"):
            fail(1)
    except Wrong:
        pass
    while True:
        try:
            break
        finally:
            len("left")
    for i in range(3):
        try:
            if i == 1:
                continue
        finally:
            len("on")
    return hasattr(1, "no"), getattr(1, "no", None)


def coroutines():
    class Held:
        async def __aenter__(self):
            await asyncio.sleep(0)
            return self

        async def __aexit__(self, *error):
            await asyncio.sleep(0)

    async def numbers(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    async def work(n):
        total = 0
        async with Held():
            async for i in numbers(n):
                total += i
        if n == 3:
            raise Wrong("three")
        return total

    async def forever():
        try:
            while True:
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    async def main():
        results = await asyncio.gather(work(1), work(2), work(3),
                                       return_exceptions=True)
        task = asyncio.ensure_future(forever())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        gen = numbers(5)
        async for i in gen:
            if i == 1:
                break
        await gen.aclose()
        return [str(r) for r in results], [x async for x in numbers(3)]

    return asyncio.run(main())


def classes():
    def twice(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs) * 2
        return inner

    class Meta(type):
        def __new__(mcs, name, bases, space):
            return super().__new__(mcs, name, bases, space)

        def __call__(cls, *args):
            return super().__call__(*args)

    class Base(metaclass=Meta):
        names = [n for n in ("a", "b")]
        table = {n: i for i, n in enumerate(names)}

        def __init__(self, x):
            self.x = x

        def __init_subclass__(cls, **kwargs):
            super().__init_subclass__(**kwargs)

        @property
        def double(self):
            return self.x * 2

        @staticmethod
        def fixed():
            return 3

        @classmethod
        def made(cls):
            return cls(1)

        def __add__(self, other):
            return type(self)(self.x + other.x)

        def __del__(self):
            len("gone")

        def __eq__(self, other):
            return self.x == other.x

        def __hash__(self):
            return hash(self.x)

    class Derived(Base):
        @twice
        def value(self, by=1):
            return self.double + by

        def __getattr__(self, name):
            if name == "missing":
                raise AttributeError(name)
            return name

    class Names(list):
        pass

    kept = [Derived(1), Derived.made()]
    names = Names()
    names.append("n")
    names.extend([kept[0] == kept[1], kept[0] in kept[1:]])
    three = kept[0] + kept[1]
    found = {three: 1}[Derived(2)]
    kept.clear()
    point = functools.partial(max, 3)(4)
    return (three.value(by=5), three.other, hasattr(three, "missing"),
            Base.fixed(), found, len(kept), dict.fromkeys("ab"), point,
            [(i, j) for i in range(3) for j in range(2) if i != j],
            (lambda *a: a)(1, 2), int.from_bytes(b"ab", "big"),
            " ".join(str(i) for i in range(4)), len(names),
            Names.__new__(Names), type("Made", (), {})())


def callbacks():
    class Key:
        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            return self.n < other.n

    def compare(a, b):
        return (a > b) - (a < b)

    def default(value):
        return sorted(value)

    numbers = [5, 3, 9, 1, 7]
    return (sorted(numbers, key=lambda n: -n), min(numbers, key=str),
            [k.n for k in sorted(Key(n) for n in numbers)],
            sorted(numbers, key=functools.cmp_to_key(compare)),
            list(map(lambda n: n + 1, numbers)),
            list(filter(lambda n: n > 3, numbers)),
            functools.reduce(lambda a, b: a + b, numbers),
            re.sub("[a-c]", lambda m: m.group().upper(), "abcabc"),
            json.dumps({"a": {1, 2}}, default=default),
            max((n for n in numbers), default=0),
            any(n > 8 for n in numbers), dict(zip("ab", numbers)),
            string.Template("$a $b").substitute(a=1, b=2),
            list(iter(functools.partial(numbers.pop), 9)))


def one_line():
    i = 0
    while i < 5: i += 1
    for j in range(3): pass
    x = [a * b for a in range(3) for b in range(2)]; y = i; z = j
    total = sum(a for a in range(3)) if x else 0
    value = (
        total +
        y if z
        else 0
    )
    for k in range(2):
        if k: continue
        while True:
            break
    else:
        value += 1
    assert value, \
        "not reached"
    with contextlib.nullcontext() as n: del n
    return (value,
            x)


def threads():
    results = []

    def begin_thread(n):
        enter()
        work(n)

    def work(n):
        results.append(sum(i for i in range(n)))
        try:
            raise Wrong("in a thread")
        except Wrong:
            pass

    def begin_raw(n, lock):
        enter()
        raw(n)
        lock.release()

    def raw(n):
        results.append(sorted([n, 1, 2], key=lambda x: -x))

    for n in range(3):
        thread = threading.Thread(target=begin_thread, args=(n + 2,))
        thread.start()
        thread.join()
    for n in range(3):
        lock = _thread.allocate_lock()
        lock.acquire()
        _thread.start_new_thread(begin_raw, (n, lock))
        lock.acquire()
    return len(results)


def library():
    text = "\n".join("row %d, of some text, and %d" % (i, i * i)
                     for i in range(20))
    out = io.StringIO()
    writer = csv.writer(out)
    for line in text.split("\n"):
        writer.writerow(line.split(", "))
    rows = list(csv.DictReader(io.StringIO(out.getvalue()), "abc"))
    parser = configparser.ConfigParser()
    parser.read_string("[one]\na = 1\nb = %(a)s2\n[two]\nc = x\n y\n")
    difference = list(difflib.unified_diff(text.split("\n"),
                                           text.upper().split("\n")[:9]))
    wrapped = textwrap.wrap(text, 30)
    loaded = json.loads(json.dumps(rows, indent=1))
    words = re.findall(r"(\w+)\s+(\d+)", text)
    return (len(loaded), parser.get("one", "b"), len(difference),
            len(wrapped), len(words), re.split(", |\n", text)[3])


PROGRAMS = (recursion, generators, exceptions, coroutines, classes,
            callbacks, one_line, threads, library)
