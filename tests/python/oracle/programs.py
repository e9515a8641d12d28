"""Programs to be recorded: each a function that does one thing programs do
and returns what is to stay alive. They do the same at each run."""

import asyncio
import csv
import gc
import hashlib
import io
import json
import re
import threading
import weakref
import zlib


class Node:
    """Linked to others, in cycles too."""

    def __init__(self, value):
        self.value = value
        self.links = []


class Slotted:
    __slots__ = ("one", "two")

    def __init__(self, one):
        self.one = one
        self.two = str(one) * 3


class Broken(Exception):
    pass


def generators():
    def count(n):
        for i in range(n):
            got = yield [i]
            if got:
                yield str(got)

    def chain(n):
        yield from count(n)
        return n

    alive = []
    for i in range(60):
        gen = chain(20)
        for _ in range(i % 25):
            if next(gen, None) is None:
                break
        if i % 3 == 0:
            try:
                gen.send("x" * i)
            except (StopIteration, TypeError):
                pass
        if i % 4 == 0:
            gen.close()
        else:
            alive.append(gen)
    return alive


def exceptions():
    kept = []

    def fail(n):
        text = "level %d" % n
        if n == 0:
            raise Broken(text)
        try:
            fail(n - 1)
        except Broken as error:
            if n % 2:
                raise
            raise Broken(text) from error
        finally:
            kept.append(text)

    for i in range(40):
        try:
            fail(i % 12)
        except Broken as error:
            if i % 8 == 0:
                kept.append(error)
    return kept


def recursion():
    def tree(depth):
        return [tree(depth - 1), tree(depth - 1), {"depth": depth}] \
            if depth else []

    def deep(n):
        return [n] if n == 0 else deep(n - 1) + [n]

    def bottomless(n):
        return bottomless(n + 1)

    try:
        bottomless(0)
    except RecursionError:
        pass
    return tree(8), deep(200)


def executed():
    kept = {}
    for i in range(40):
        source = ("def made_%d(x):\n    y = [x] * %d\n    return y\n"
                  "value = made_%d('v')\n" % (i, i + 1, i))
        space = {}
        exec(compile(source, "<made %d>" % i, "exec"), space)
        if i % 2:
            kept[i] = space["value"]
        if i % 5 == 0:
            kept[-i] = space["made_%d" % i]
    return kept


def classes():
    kept = []
    for i in range(40):
        made = type("Made%d" % i, (Node,),
                    {"number": i, "method": lambda self: self.value})
        kept.append(made(i))
        if i % 4:
            del kept[-1]
    gc.collect()
    return kept


def lists():
    big = []
    for i in range(5000):
        big.append(None)
    several = [[] for _ in range(50)]
    for i in range(1000):
        several[i % 50].append(i * 1000)
        if i % 7 == 0:
            several[i % 50].pop(0)
    big[100:4000] = []
    several[3].extend(range(5000, 6000))
    del several[10:20]
    return big, several


def cycles():
    kept = []
    for i in range(300):
        one, two = Node(i), Node(-i)
        one.links.append(two)
        two.links.append(one)
        if i % 10 == 0:
            kept.append(one)
    one = two = None
    gc.collect()
    return kept


def weakrefs():
    gone = []
    kept = []
    known = weakref.WeakValueDictionary()
    keyed = weakref.WeakKeyDictionary()
    for i in range(200):
        node = Node(i)
        known[i] = node
        keyed[node] = "v%d" % i
        kept.append((node, weakref.ref(node, gone.append)))
    del kept[::2]
    node = None
    gc.collect()
    return kept, known, keyed, gone


def texts():
    text = ""
    data = bytearray()
    for i in range(1000):
        text += chr(97 + i % 26)
        data += b"ab"
        if i == 500:
            text += "\u20ac"
        if i == 800:
            text += "\U0001f600"
    parts = [text[i:i + 7] for i in range(0, 1000, 7)]
    return (text.encode(), bytes(data), "-".join(parts), text.upper(),
            b"".join([b"x" * i for i in range(100)]), parts[::5],
            text.split("m"), ["%s:%r" % (p, p) for p in parts[:50]])


def dicts():
    table = {}
    for i in range(1500):
        table["key %d" % i] = i
    for i in range(0, 1500, 3):
        del table["key %d" % i]
    nodes = [Node(i) for i in range(100)]
    for i in range(40):
        for node in nodes[:i]:
            setattr(node, "extra_%d" % i, i)
    return table, dict(table), set(table), frozenset(range(700, 1500)), nodes


def sorting():
    class Key:
        def __init__(self, value):
            self.value = value

        def __lt__(self, other):
            return (self.value * 7919 % 1009, [self.value]) < \
                (other.value * 7919 % 1009, [other.value])

    values = [(i * 7919) % 1009 for i in range(301)]
    return (sorted(values, key=lambda v: (str(v), v)),
            sorted(map(Key, values)), sorted(values, reverse=True))


def tasks():
    async def worker(queue, out):
        while True:
            item = await queue.get()
            if item is None:
                return out
            await asyncio.sleep(0)
            out.append(str(item) * 10)

    async def numbers(n):
        for i in range(n):
            yield i
            await asyncio.sleep(0)

    async def main():
        queue = asyncio.Queue()
        workers = [asyncio.ensure_future(worker(queue, []))
                   for _ in range(5)]
        async for i in numbers(60):
            await queue.put(i)
        for _ in workers:
            await queue.put(None)
        sleeper = asyncio.ensure_future(asyncio.sleep(100))
        await asyncio.sleep(0)
        sleeper.cancel()
        return await asyncio.gather(*workers)

    return asyncio.run(main())


def parsing():
    rows = "\n".join("%d,name %d,\"a, %d\"" % (i, i, i) for i in range(150))
    table = list(csv.reader(io.StringIO(rows)))
    text = json.dumps([{"id": r[0], "name": r[1], "of": [r[2], None, 1.5]}
                       for r in table])
    found = re.findall(r"name (\d+)", rows)
    return json.loads(text), found[::3]


def slots():
    kept = [Slotted(i) for i in range(500)]
    values = [i / 7.0 for i in range(500)]
    numbers = [10 ** (i % 40) + i for i in range(500)]
    pairs = [(k.one, v) for k, v in zip(kept, values)]
    del kept[::3]
    del pairs[::2]
    return kept, values, numbers, pairs


def threads():
    kept = []

    def work(n):
        data = b"0123456789" * 5000
        mine = []
        for i in range(8):
            packed = zlib.compress(data[i * n:], 1)
            assert zlib.decompress(packed) == data[i * n:]
            mine.append((packed, hashlib.sha256(data).hexdigest(), Node(i)))
        kept.append(mine[::2])

    running = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return kept


PROGRAMS = (generators, exceptions, recursion, executed, classes, lists,
            cycles, weakrefs, texts, dicts, sorting, tasks, parsing, slots,
            threads)
