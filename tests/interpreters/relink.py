#!/usr/bin/env python3
"""Make a 64-bit ELF program use another dynamic linker and library folder.

    relink.py PROGRAM LINKER FOLDER

PROGRAM is rewritten in place: its PT_INTERP names LINKER and a DT_RPATH
names FOLDER.  (A tool that moves the existing sections gave programs that
crash at start, since CPython's is not position independent.)  Nothing that is
there moves: a PT_NOTE header becomes the PT_LOAD of a new read-only segment at
the end of the file, holding the linker's name and a longer copy of the
string table, and an unused entry of the dynamic section becomes the DT_RPATH.
"""
import os
import struct
import sys

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
DT_NULL, DT_STRTAB, DT_STRSZ, DT_RPATH = 0, 5, 10, 15
PAGE = 0x10000      # not less than any page size

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")    # type flags offset vaddr paddr ...
ENTRY = struct.Struct("<qQ")


def round_up(n):
    return -(-n // PAGE) * PAGE


def relink(image, linker, folder):
    """Return the new bytes of the program `image` (bytearray)."""
    fields = HEADER.unpack_from(image)
    if fields[0][:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    table, count = fields[5], fields[10]
    places = [table + i * SEGMENT.size for i in range(count)]
    segments = [list(SEGMENT.unpack_from(image, at)) for at in places]
    loads = [s for s in segments if s[0] == PT_LOAD]

    def offset_of(address):
        for _, _, offset, start, _, size, _, _ in loads:
            if start <= address < start + size:
                return offset + address - start
        raise ValueError("address %#x is not in the file" % address)

    def only(kind):
        return next(i for i, s in enumerate(segments) if s[0] == kind)

    dynamic = segments[only(PT_DYNAMIC)]
    slots = range(dynamic[2], dynamic[2] + dynamic[5], ENTRY.size)
    entries = {}
    free = []
    for at in slots:
        tag, value = ENTRY.unpack_from(image, at)
        if tag == DT_NULL:
            free.append(at)
        else:
            entries[tag] = (at, value)
    if len(free) < 2:
        raise ValueError("the dynamic section has no unused entry")

    strings_at = offset_of(entries[DT_STRTAB][1])
    strings = bytes(image[strings_at:strings_at + entries[DT_STRSZ][1]])
    rpath = len(strings)
    strings += os.fsencode(folder) + b"\0"
    name = os.fsencode(linker) + b"\0"

    # The loader wants PT_LOADs in the order of their addresses.
    last = max(i for i, s in enumerate(segments) if s[0] == PT_LOAD)
    note = next(i for i, s in enumerate(segments)
                if s[0] == PT_NOTE and i > last)
    offset = round_up(len(image))
    start = round_up(max(s[3] + s[6] for s in loads))
    image += bytes(offset - len(image)) + strings + name
    size = len(strings) + len(name)
    segments[note] = [PT_LOAD, 4, offset, start, start, size, size, PAGE]
    at = len(strings)
    segments[only(PT_INTERP)] = [PT_INTERP, 4, offset + at, start + at,
                                 start + at, len(name), len(name), 1]
    for place, segment in zip(places, segments):
        SEGMENT.pack_into(image, place, *segment)
    ENTRY.pack_into(image, entries[DT_STRTAB][0], DT_STRTAB, start)
    ENTRY.pack_into(image, entries[DT_STRSZ][0], DT_STRSZ, len(strings))
    ENTRY.pack_into(image, free[0], DT_RPATH, rpath)
    return image


def main():
    program, linker, folder = sys.argv[1:]
    with open(program, "rb") as file:
        image = bytearray(file.read())
    image = relink(image, linker, folder)
    # A new file, since a running program cannot be written.
    with open(program + ".new", "wb") as file:
        file.write(image)
    os.chmod(program + ".new", os.stat(program).st_mode)
    os.replace(program + ".new", program)


if __name__ == "__main__":
    main()
