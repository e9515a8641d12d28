#!/usr/bin/env python3
"""pmt plot: the script and the data of each kind of chart, byte by byte, as
they are in tests/golden/plot; and the pictures that gnuplot makes of them:
their size, and that what is in the data is to be seen.

After a change of looks, look at the pictures, and renew the goldens:

    PMT_RENEW=1 tests/run cli/plot-golden
"""

import os
import re
import shutil
import struct
import xml.dom.minidom
import zlib

import kit
import plot_traces

checks = kit.Checks()
kit.scratch()
GOLDEN = os.path.join(os.environ["PMT_SOURCE"], "tests", "golden", "plot")
SMALL = ["--width", "300", "--height", "300"]
SIZE = (672, 480)      # whole inches of 96 pixels, for PDF
PALE = 8        # of 255: how far an edge's colour may be from the curve's


def make_traces():
    """{chart: (its files, its options)}"""
    g, made = kit.generator(), {}
    for chart, (makers, options) in plot_traces.CHARTS.items():
        names = [chart + "-new" * bool(i) + ".pmt"
                 for i in range(len(makers))]
        for maker, name in zip(makers, names):
            kit.write(name, maker(g))
        made[chart] = (names, ["-c", chart] + options)
    return made


def run(*args):
    done = kit.run("plot", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    return done.out


# ---- goldens ---------------------------------------------------------------

def check_golden(chart, files, options):
    run(*options, *SMALL, "--script", chart, *files)
    for ending in ("plt", "dat"):
        got = kit.read("%s/chart.%s" % (chart, ending))
        path = os.path.join(GOLDEN, "%s.%s" % (chart, ending))
        if os.environ.get("PMT_RENEW"):
            kit.write(path, got)
        want = kit.read(path) if os.path.exists(path) else b""
        checks.equal(got.split(b"\n"), want.split(b"\n"),
                     "%s.%s (PMT_RENEW=1 tests/run cli/plot-golden)"
                     % (chart, ending))


def check_names():
    """No golden but of a chart that there is."""
    want = sorted("%s.%s" % (chart, ending) for chart in plot_traces.CHARTS
                  for ending in ("plt", "dat"))
    checks.equal(sorted(os.listdir(GOLDEN)), want, "goldens")
    wrong = kit.run("plot", "-c", "?", "live.pmt")
    checks.equal(sorted(re.split(", | or ", wrong.err.strip().split(" be ")[1])),
                 sorted(plot_traces.CHARTS), wrong)


# ---- colours ---------------------------------------------------------------

def colours_of(script):
    """The colours of its curves: lines, and what is filled, as it is to be
    seen on white."""
    found = set()
    for colour, shade in (
            (m.group(2), float(m.group(1) or 1)) for m in re.finditer(
                r"(?:transparent solid ([0-9.]+) )?(?:noborder )?"
                r"lc rgb '#([0-9a-f]{6})'", script)):
        if shade == 1:
            found.add(tuple(bytes.fromhex(colour)))
    return found - {(0x60, 0x60, 0x60), (0x80, 0x80, 0x80)}


def bars_of(table):
    """The colours that are in the data: column 4 of bars."""
    return {(int(row[3]) >> 16, int(row[3]) >> 8 & 255, int(row[3]) & 255)
            for row in map(str.split, table.splitlines()) if len(row) == 4}


def is_near(a, b):
    return max(abs(x - y) for x, y in zip(a, b)) <= PALE


def all_there(where, wanted, pixels):
    for colour in wanted:
        checks.true(any(is_near(colour, p) for p in pixels),
                    "%s: no #%02x%02x%02x" % ((where,) + colour))


# ---- pictures --------------------------------------------------------------

def png_rows(png):
    """(width, height, bytes a pixel, rows without their filters)"""
    at, data, head = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour = head[:4]
    checks.equal((depth, colour in (2, 6)), (8, True), head)
    size = 3 if colour == 2 else 4
    data, before, rows = zlib.decompress(data), bytearray(width * size), []
    for y in range(height):
        start = y * (width * size + 1)
        row = bytearray(data[start + 1:start + 1 + width * size])
        unfilter(data[start], row, before, size)
        rows.append(bytes(row))
        before = row
    return width, height, size, rows


def unfilter(how, row, up, size):
    """PNG specification, 9.2: none, sub, up, average, Paeth."""
    if how == 0:
        return
    if how == 2:
        row[:] = bytes((a + b) & 255 for a, b in zip(row, up))
        return
    for i, value in enumerate(row):
        left = row[i - size] if i >= size else 0
        corner = up[i - size] if i >= size else 0
        if how == 1:
            guess = left
        elif how == 3:
            guess = (left + up[i]) // 2
        else:
            guess = min((abs(up[i] - corner), 0, left),
                        (abs(left - corner), 1, up[i]),
                        (abs(left + up[i] - 2 * corner), 2, corner))[2]
        row[i] = (value + guess) & 255


def check_png(chart, wanted, strips, args):
    width, height, size, rows = png_rows(run(*args))
    checks.equal((width, height), SIZE, chart)
    pixels = {row[i:i + 3] for row in rows
              for i in range(0, len(row), size)}
    white = sum(row[i:i + 3] == b"\xff\xff\xff" for row in rows
                for i in range(0, len(row), size))
    checks.true(0.02 < 1 - white / (width * height) < 0.9,
                "%s: %d of its pixels are white" % (chart, white))
    all_there(chart + ".png", wanted, pixels)
    if strips:
        blue = {p for p in pixels if p[2] > p[0] + 40 and p[2] > p[1] + 20}
        checks.true(len(blue) > 10, "%s: shades %d" % (chart, len(blue)))


def check_svg(chart, wanted, args):
    document = xml.dom.minidom.parseString(run(*args, "--format", "svg"))
    root = document.documentElement
    checks.equal(tuple(int(root.getAttribute(key))
                       for key in ("width", "height")), SIZE, chart)
    found = {tuple(map(int, m)) for node in
             document.getElementsByTagName("*")
             for _, value in node.attributes.items()
             for m in re.findall(r"rgb\( *(\d+), *(\d+), *(\d+)\)", value)}
    all_there(chart + ".svg", wanted, found)
    checks.true(len(document.getElementsByTagName("path")) > 20, chart)


def check_pdf(chart, wanted, args):
    data = run(*args, "--format", "pdf")
    checks.true(data.startswith(b"%PDF-1.") and
                data.rstrip().endswith(b"%%EOF"), chart)
    for body in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S):
        try:
            data += zlib.decompress(body)
        except zlib.error:
            pass        # a font or a picture
    box = re.search(rb"/MediaBox *\[ *0 0 ([0-9.]+) ([0-9.]+) *\]", data)
    checks.equal([round(float(n) * 96 / 72) for n in box.groups()],
                 list(SIZE), chart)
    found = {tuple(round(255 * float(n)) for n in m) for m in
             re.findall(rb"([0-9.]+) ([0-9.]+) ([0-9.]+) (?:rg|RG)\b", data)}
    all_there(chart + ".pdf", wanted, found)


def check_pictures(chart, files, options):
    args = options + ["--width", str(SIZE[0]), "--height", str(SIZE[1]),
                      "-o", "-"] + files
    script = run(*options, "--script", "-", *files).decode()
    table = kit.read(chart + "/chart.dat").decode()
    wanted = colours_of(script)
    if "rgb variable" in script:
        wanted |= bars_of(table)
    strips = "with image" in script
    checks.true(wanted, chart + ": colours")
    check_png(chart, wanted, strips, args)
    check_svg(chart, wanted, args)
    check_pdf(chart, wanted, args)


for kind, (names, wants) in make_traces().items():
    check_golden(kind, names, wants)
    if shutil.which("gnuplot"):
        check_pictures(kind, names, wants)
check_names()
checks.finish()
