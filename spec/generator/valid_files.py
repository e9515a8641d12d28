"""Valid vectors: files of several regions, and files that were cut."""

from .encode import Trace, skippable
from .stream import Stream
from .parts import begin, cut, cut_trace, marks, vector, whole


@vector("valid")
def two_files():
    """Two traces, one after the other."""
    trace = Trace()
    whole(trace, 1, "first")
    whole(trace, 2, "second")
    return trace


@vector("valid")
def same_file_twice():
    """A trace concatenated with itself: the stream starts again."""
    trace = Trace()
    whole(trace, 1, "again")
    whole(trace, 1, "again")
    return trace


@vector("valid")
def index_after_none():
    """A trace without an index before one that has one."""
    trace = Trace()
    whole(trace, 1, "without", index=False)
    whole(trace, 2, "with")
    return trace


@vector("valid")
def two_streams():
    """Chunks of two streams of different ticks, interleaved."""
    trace = Trace()
    a = Stream(trace, 1, tick_ns=1)
    b = Stream(trace, 2, tick_ns=1000000000)
    a.open()
    b.open()
    a.string({1: "of a"})
    b.string({1: "of b"})
    for i in range(3):
        marks(a, "a%d" % i, t=10 * i)
        a.code((i + 1, 1, 0, i))
        marks(b, "b%d" % i, t=i)
        b.code((i + 1, 1, 0, i))
    b.end(t=9)
    a.end(t=90)
    trace.index()
    return trace


@vector("valid")
def no_index():
    """Labels, no index."""
    trace = Trace()
    whole(trace, 1, "no index", index=False)
    return trace


@vector("valid")
def no_labels():
    """Data frames only."""
    trace = Trace()
    whole(trace, 1, "no labels", index=False, labels=False)
    return trace


@vector("valid")
def several_regions():
    """One stream over three regions, one of them empty; entries of 80."""
    trace, s = begin()
    trace.index()
    trace.index()
    marks(s, "one")
    trace.index(entry_size=80)
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def foreign_frames():
    """Skippable frames of others, anywhere but first; in a region too."""
    trace, s = begin()
    trace.data += skippable(0, b"pzstd?")
    trace.data += skippable(14, b"")
    marks(s, "one")
    trace.data += skippable(10, b"PMT")
    trace.data += skippable(15, b"x" * 300 + b"PMTINDEX?")
    s.end(t=20)
    trace.index()
    trace.data += skippable(13, b"behind the index")
    return trace


@vector("valid")
def label_of_later_version():
    """A label of version 2 is not understood; the index lists it still."""
    trace, s = begin()
    marks(s, "one", wrong={"version": 2, "frame_size": 1 << 31,
                           "count": 1000, "kind": 99})
    marks(s, "two", wrong={"flags": 255})
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def cut_in_frame():
    """Killed while it wrote a data frame."""
    trace, at = cut_trace()
    return cut(trace, len(trace.data) - 5, at - 72)


@vector("valid")
def cut_in_frame_magic():
    """Killed behind the first two bytes of a data frame."""
    trace, at = cut_trace()
    return cut(trace, at + 2, at - 72)


@vector("valid")
def cut_behind_label():
    """Killed between a label and its data frame."""
    trace, at = cut_trace()
    return cut(trace, at, at - 72)


@vector("valid")
def cut_in_label():
    """Killed in a label's body."""
    trace, at = cut_trace()
    return cut(trace, at - 20, at - 72)


@vector("valid")
def cut_in_label_head():
    """Killed in a label's first 8 bytes."""
    trace, at = cut_trace()
    return cut(trace, at - 67, at - 72)


@vector("valid")
def cut_in_magic():
    """Killed behind the first byte of a frame."""
    trace, at = cut_trace()
    return cut(trace, at - 71, at - 72)


@vector("valid")
def cut_in_bare_frame():
    """A data frame without a label is cut in its content."""
    trace, at = cut_trace(labels=False)
    return cut(trace, len(trace.data) - 5, at)


@vector("valid")
def cut_in_bare_head():
    """A data frame without a label is cut in its header."""
    trace, at = cut_trace(labels=False)
    return cut(trace, at + 5, at)


@vector("valid")
def cut_in_index():
    """Killed while it wrote the index."""
    trace, s = begin()
    s.end()
    at = len(trace.data)
    trace.index()
    return cut(trace, len(trace.data) - 40, at)


@vector("valid")
def cut_in_index_head():
    """Killed in the first 8 bytes of the index."""
    trace, s = begin()
    s.end()
    at = len(trace.data)
    trace.index()
    return cut(trace, at + 6, at)


@vector("valid")
def cut_in_foreign_frame():
    """The file ends inside a skippable frame of another."""
    trace, s = begin()
    at = len(trace.data)
    trace.data += skippable(3, b"abc", size=1 << 31)
    return cut(trace, at + 11, at)


@vector("valid")
def cut_to_1_byte():
    """One byte of a label is a truncated trace."""
    trace, s = begin()
    del trace.lines[1:]
    return cut(trace, 1, 0)


@vector("valid")
def cut_at_frame():
    """Killed between two chunks: whole, but the stream has no end."""
    trace, s = begin()
    marks(s, "last")
    return trace
