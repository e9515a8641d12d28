"""record_object.py FOLDER: records the programs into FOLDER/object.pmt, and
writes into FOLDER/object.json what the garbage collector and the programs
themselves say is alive at each mark."""

import gc
import json
import sys

import pmtrace
import programs

FOLDER = sys.argv[1]

# Made and dropped while the program counts for itself.
counts = {}


class Counted:
    """Counts its own life, with __del__."""

    def __init__(self):
        name = type(self).__name__
        counts[name] = counts.get(name, 0) + 1
        self.link = None

    def __del__(self):
        counts[type(self).__name__] -= 1


class CountedSlots(Counted):
    __slots__ = ()


def counted():
    kept = []
    for i in range(300):
        one = Counted() if i % 3 else CountedSlots()
        if i % 5 == 0:
            one.link = [one, i]
        if i % 2:
            kept.append(one)
    one = None
    gc.collect()
    return kept


def name_of(kind):
    module = kind.__module__
    name = kind.__qualname__
    return name if module == "builtins" else "%s.%s" % (module, name)


class Extension:
    """The recorder's, but for what is alive just before it starts: the
    collector is made to forget that."""

    def __init__(self, extension):
        self.extension = extension

    def __getattr__(self, name):
        return getattr(self.extension, name)

    def start(self, *arguments):
        real = self.extension.start
        gc.collect()
        gc.freeze()
        return real(*arguments)


def look(objects):
    """A line of address and type for each. One text, so that it is nothing
    that the collector knows."""
    return "\n".join("%d %s" % (id(one), name_of(type(one)))
                     for one in objects)


def main():
    recorder = pmtrace.Recorder(FOLDER + "/object.pmt", mode="object",
                                when_full="wait")
    recorder._extension = Extension(pmtrace._recorder)
    mark = pmtrace._recorder.mark
    recorder.start()
    kept = []
    moments = []
    for program in programs.PROGRAMS + (counted,):
        kept.append(program())
        gc.collect()
        objects = gc.get_objects()
        mark(program.__name__)
        values = look(plain_values(kept))
        moments.append({"mark": program.__name__, "tracked": look(objects),
                        "counts": dict(counts), "values": values})
        objects = values = None
    gc.collect()
    dropped = look(plain_values(kept[::2]))
    del kept[::2]
    gc.collect()
    objects = gc.get_objects()
    mark("dropped")
    moments.append({"mark": "dropped", "tracked": look(objects),
                    "counts": dict(counts), "dropped": dropped,
                    "values": look(plain_values(kept))})
    recorder.stop()
    with open(FOLDER + "/object.json", "w") as file:
        json.dump(moments, file)


def plain_values(kept):
    """Objects the collector knows nothing of, that `slots` keeps: made while
    it ran, none of them shared with the interpreter."""
    for one in kept:
        if isinstance(one, tuple) and len(one) == 4 and one[0] and \
                type(one[0][0]) is programs.Slotted:
            yield from one[1]
            yield from (v for v in one[2] if v > 1000000)


if __name__ == "__main__":
    main()
