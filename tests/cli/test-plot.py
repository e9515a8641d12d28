#!/usr/bin/env python3
"""pmt plot: pictures by the real gnuplot, of vectors and of a recording whose
names and marks try to make gnuplot run something."""

import os
import shutil
import struct
import subprocess
import xml.dom.minidom
import zlib

import kit

checks = kit.Checks()
kit.scratch()
HERE = os.getcwd()

PROGRAM = r"""
import pmtrace
names = ["`touch pwned1`", "\"; system('touch pwned2')",
         "' ; system 'touch pwned3'\nsystem 'touch pwned4'",
         "</text><script>pwned</script>&amp;<", "$(touch pwned5) @pwned %s %n",
         "\\", "{/Symbol a}^2", "\x1b]0;pwned\x07 \u202e\ud800 \udcff",
         "a#2 '7'", "nowhere \U0010fffd"]
with pmtrace.Recorder("hostile.pmt", mode="alloc") as recorder:
    kept = []
    for number, name in enumerate(names):
        source = "def f():\n    return [bytes(50000 + i) for i in range(9)]\n"
        scope = {}
        try:
            code = compile(source, name, "exec")
        except (UnicodeError, ValueError):
            code = compile(source, "plain.py", "exec")
        exec(code, scope)
        kept.append(scope["f"]())
        recorder.mark(name.encode("utf-8", "replace").decode())
"""


def record():
    kit.write("program.py", PROGRAM.encode())
    done = subprocess.run([kit.PYTHON, "program.py"], env=kit.python_env(),
                          stderr=subprocess.PIPE, check=False)
    checks.equal(done.returncode, 0, done.stderr.decode())


def size_of(png):
    """Width and height of a sound PNG file."""
    checks.true(png[:8] == b"\x89PNG\r\n\x1a\n", png[:8])
    at, rows = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        crc, = struct.unpack(">I", png[at + 8 + length:at + 12 + length])
        checks.equal(zlib.crc32(kind + body), crc, kind)
        if kind == b"IDAT":
            rows += body
        at += 12 + length
    checks.true(len(set(zlib.decompress(rows))) > 10, "something is drawn")
    return struct.unpack(">II", png[16:24])


def no_harm(what):
    """Nothing that a name asked for has happened."""
    found = [name for name in os.listdir(".") if "pwned" in name]
    checks.equal(found, [], what)


def check_hostile():
    for by in ("site", "file", "function", "stack"):
        name = "hostile-%s.png" % by
        done = kit.run("plot", "--by", by, "-o", name, "hostile.pmt")
        checks.true(done.status == 0 and not done.out and not done.err, done)
        checks.equal(size_of(kit.read(name)), (1200, 800), name)
        no_harm(done)
    done = kit.run("plot", "-n", "17", "--by", "file", "--what", "bytes",
                   "-o", "hostile.svg", "hostile.pmt")
    checks.true(done.status == 0 and not done.err, done)
    picture = xml.dom.minidom.parseString(kit.read("hostile.svg"))
    texts = [node.firstChild.data
             for node in picture.getElementsByTagName("text")]
    checks.equal(len(picture.getElementsByTagName("script")), 0, "scripts")
    for name in ("`touch pwned1`", "\"; system('touch pwned2')",
                 "</text><script>pwned</script>&amp;<", "{/Symbol a}^2",
                 "a#2 '7'", "nowhere \U0010fffd"):
        checks.true(name in texts, "%r is shown as it is: %r" % (name, texts))
    no_harm("svg")
    # As a user would run the script.
    script = kit.run("plot", "--script", "-", "--by", "file", "hostile.pmt")
    checks.equal(script.status, 0, script)
    done = subprocess.run(["gnuplot", "-d"], input=script.out,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    checks.equal((done.returncode, done.stderr), (0, b""), "gnuplot")
    checks.equal(size_of(done.stdout), (1200, 800), "of the script")
    no_harm("script")


def check_glyphs():
    """A character that no font has is a number in a PNG: pngcairo draws the
    box for it as large as the picture. Characters with a font stay."""
    fonts = (("'20-7e a0-24f\\n2026 4e16\\n'", "4e16", "754c"),
             ("'junk -\\nzz 4e00-9fff-\\n'", "", "4e16 754c"),
             ("''; exit 1", "", "4e16 754c"))
    path = os.environ["PATH"]
    kit.write("glyphs.py", b"import pmtrace\n"
              b"with pmtrace.Recorder('glyphs.pmt') as recorder:\n"
              b"    kept = bytes(50000)\n"
              b"    recorder.mark('\\xfc \\u4e16 \\u754c#2')\n")
    subprocess.run([kit.PYTHON, "glyphs.py"], env=kit.python_env(), check=True)
    os.mkdir("fonts")
    os.environ["PATH"] = os.path.join(HERE, "fonts") + ":" + path
    for list_of, there, missing in fonts:
        kit.write("fonts/fc-list",
                  b"#!/bin/sh\nprintf " + list_of.encode() + b"\n")
        os.chmod("fonts/fc-list", 0o755)
        script = kit.run("plot", "--script", "-", "glyphs.pmt").out.decode()
        checks.true("\xfc" in script, script)
        for point in there.split():
            checks.true(chr(int(point, 16)) in script, (list_of, point))
        for point in missing.split():
            checks.true(chr(int(point, 16)) not in script and
                        "\\134u" + point in script, (list_of, point))
        script = kit.run("plot", "--script", "-", "--format", "svg", "glyphs.pmt")
        checks.true("\u4e16 \u754c" in script.out.decode(), "svg")
    os.environ["PATH"] = path
    done = kit.run("plot", "-o", "glyphs.png", "glyphs.pmt")
    checks.equal((done.status, done.err), (0, ""), "glyphs.png")


def check_options():
    done = kit.run("plot", "-o", "a.png", "--width", "640", "--height", "400",
                   "--what", "count", "-n", "2", "hostile.pmt@end")
    checks.equal(done.status, 0, done)
    first = kit.read("a.png")
    checks.equal(size_of(first), (640, 400), "a.png")
    # What exists is overwritten with -f only.
    done = kit.run("plot", "-o", "a.png", "hostile.pmt")
    checks.true(done.status == 2 and "a.png" in done.err, done)
    checks.equal(kit.read("a.png"), first, "a.png is as it was")
    done = kit.run("plot", "-f", "-o", "a.png", "hostile.pmt")
    checks.equal((done.status, size_of(kit.read("a.png"))), (0, (1200, 800)),
                 done)
    done = kit.run("plot", "hostile.pmt")
    checks.equal((done.status, size_of(done.out)), (0, (1200, 800)), "stdout")
    for picture in ("png", "svg"):
        done = kit.run("plot", "-f", "-o", "/dev/full", "--format", picture,
                       "hostile.pmt")
        # Which write fails, and whether its cause is still known, depends
        # on the size of the picture.
        checks.equal((done.status, done.err.count("\n"),
                      done.err.startswith("pmt-plot: /dev/full: ")),
                     (2, 1, True), done)
    # The chart ends where most was live.
    ends = [kit.run("plot", "--json", "hostile.pmt" + moment).json()
            for moment in ("@peak", "")]
    checks.true(0 < ends[0][0]["span_ns"] < ends[1][0]["span_ns"], ends[0][0])
    peaks = [max(map(sum, zip(*(l["values"] for l in lines
                                if l["row"] == "curve" and l["panel"] == 0))))
             for lines in ends]
    checks.equal(peaks[0], peaks[1], "the peak is in both")
    done = kit.run("plot", "hostile.pmt@1ns")
    checks.equal((done.status, done.err), (1,
                 "pmt-plot: hostile.pmt: no alloc records up to that "
                 "moment\n"), done)
    for options, records in ((["--by", "type"], "object records"),
                             (["--kind", "object"], "object records"),
                             (["--what", "memory"], "such records"),
                             (["--what", "gc"], "such records")):
        done = kit.run("plot", *options, "hostile.pmt")
        checks.equal((done.status, done.out, done.err), (1, b"",
                     "pmt-plot: hostile.pmt: no %s\n" % records), done)
    done = kit.run("plot", "-c", "tree", "hostile.pmt")
    checks.equal((done.status, done.out, done.err), (1, b"",
                 "pmt-plot: hostile.pmt: no samples of processes: pmt sample "
                 "--tree records them, of any program\n"), done)
    for name in ("i.png", "i.pdf"):
        done = kit.run("plot", "--interactive", "-o", name, "hostile.pmt")
        checks.equal((done.status, done.err), (2,
                     "pmt-plot: %s: --interactive is an SVG, and this is "
                     "named as another picture\n" % name), done)
    done = kit.run("plot", "--format", "svg", "-o", "b.out", "hostile.pmt")
    checks.true(done.status == 0 and b"<svg" in kit.read("b.out"), done)
    for wrong in (["-o", "c.jpg", "hostile.pmt"], ["-"], ["none.pmt"],
                  ["-n", "99", "hostile.pmt"],
                  ["--json", "--script", "-", "hostile.pmt"],
                  ["--terminal", "--json", "hostile.pmt"],
                  ["-c", "nothing", "hostile.pmt"],
                  ["hostile.pmt", "hostile.pmt", "hostile.pmt"],
                  ["--by", "domain", "--kind", "object", "hostile.pmt"],
                  ["hostile.pmt@mark:none"]):
        done = kit.run("plot", *wrong)
        checks.true(done.status == 2 and not done.out and
                    done.err.count("\n") == 1, done)
    checks.true(not os.path.exists("c.jpg"), "c.jpg")
    left = [name for name in os.listdir(".") if name.startswith(".")]
    checks.equal(left, [], "temporary files")


def check_without_gnuplot():
    """Not found, or one that fails: one line, status 2, no file."""
    os.mkdir("empty")
    path = os.environ["PATH"]
    os.environ["PATH"] = os.path.join(HERE, "empty")
    done = kit.run("plot", "-o", "d.png", "hostile.pmt")
    checks.equal(done.err, "pmt-plot: gnuplot is not installed "
                           "(--terminal needs none)\n", done)
    checks.equal((done.status, os.path.exists("d.png")), (2, False), done)
    checks.equal(kit.run("plot", "--script", "-", "hostile.pmt").status, 0,
                 "--script without gnuplot")
    for body, said in (("exit 1", "gnuplot failed"),
                       ("echo 'line 3: no such thing' >&2; exit 1",
                        "gnuplot failed: line 3: no such thing"),
                       ("[ $1 != --version ] || exec echo gnuplot 4.6 "
                        "patchlevel 6; exit 1", "gnuplot 4.6 is too old"),
                       ("kill -9 $$", "gnuplot was killed by signal 9"),
                       ("exec cat >/dev/null", "gnuplot drew nothing"),
                       ("cat >/dev/null; printf '\\211PNG\\r\\n\\032\\n half'",
                        "gnuplot drew only a part")):
        kit.write("empty/gnuplot", b"#!/bin/sh\nPATH=" + path.encode() +
                  b"\n" + body.encode() + b"\n")
        os.chmod("empty/gnuplot", 0o755)
        done = kit.run("plot", "-o", "d.png", "hostile.pmt")
        checks.true(done.status == 2 and said in done.err and
                    done.err.count("\n") == 1, done)
        checks.true(not os.path.exists("d.png"), "d.png after " + body)
    os.environ["PATH"] = path


def check_vectors():
    """Any vector with blocks or objects can be drawn; gnuplot takes it."""
    for vector in kit.common.vectors("valid"):
        for kind in ("alloc", "object"):
            if vector.text is None or \
                    b'"kind":"%s"' % kind.encode() not in vector.text:
                continue
            done = kit.run("plot", "-f", "-o", "v.png", "--kind", kind,
                           vector.path)
            checks.equal(done.status, vector.expect["exit"], done)
            checks.true("gnuplot" not in done.err, done)
            if done.status < 2:
                checks.equal(size_of(kit.read("v.png")), (1200, 800), done)


if not shutil.which("gnuplot"):
    kit.common.skip("no gnuplot")
record()
check_hostile()
check_glyphs()
check_options()
check_without_gnuplot()
check_vectors()
checks.finish()
