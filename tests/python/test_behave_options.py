"""Interpreters with options and variables of their own, and programs that are
no plain script, behave recorded as unrecorded."""
# RUN: few
# MODE: alloc

import os
import sys
import zipfile

from recorder_support import FOLDER, finish, path, skip, write
import pmtrace
from untraced import WITNESS, same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# The flags, the path, what was opened and never closed, the warnings.
SHOWS = """\
import sys, threading, warnings
print(sys.flags, sys.argv[1:], sys.warnoptions)
print(sys.path)
print(sys.dont_write_bytecode, __debug__, __doc__, sys._xoptions)
print([f[0] for f in warnings.filters])
try:
    warnings.warn("one", UserWarning)
except UserWarning as error:
    print("raised", error)
try:
    assert False, "asserted"
except AssertionError as error:
    print(error)
class Node:
    pass
for i in range(2000):
    n = Node()
    n.n = n
threads = [threading.Thread(target=lambda: [bytes(i) for i in range(100)])
           for i in range(5)]
for t in threads:
    t.start()
for t in threads:
    t.join()
witness(1)
sys.stdout.write("no newline")
sys.exit(4)
"""


def said(text):
    """-X importtime prints times."""
    return "\n".join(line for line in text.splitlines()
                     if not line.startswith("import time:"))


OPTIONS = [
    ("werror", ["-W", "error"], {}), ("dev", ["-X", "dev"], {}),
    ("devwerror", ["-X", "dev", "-W", "error"], {}),
    ("o", ["-O"], {}), ("oo", ["-OO"], {}), ("u", ["-u"], {}),
    ("b", ["-B", "-s", "-b"], {}),
    ("tracemalloc", ["-X", "tracemalloc=3"], {}),
    ("importtime", ["-X", "importtime"], {}),
    ("faulthandler", ["-X", "faulthandler"], {}),
    ("malloc", [], {"PYTHONMALLOC": "malloc"}),
    ("debug", [], {"PYTHONMALLOC": "debug"}),
    ("malloc_debug", [], {"PYTHONMALLOC": "malloc_debug"}),
    ("devmode", [], {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"}),
    ("locale", [], {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0",
                    "PYTHONUTF8": "0"}),
]
if sys.version_info >= (3, 11):
    OPTIONS += [("frozen", ["-X", "frozen_modules=off"], {}),
                ("safe", ["-P"], {})]

for name, python, env in OPTIONS:
    # Where CPython's debug allocator or malloc is, a block is still one.
    same(name, SHOWS, witnessed=[1], python=python, env=env, args=["x", "-y"],
         ways=("alloc", "always") if len(python + list(env)) < 3 else
         ("alloc",), alike=said)

# From a zip file, with nothing else on the path.
with zipfile.ZipFile(path("program.zip"), "w") as archive:
    archive.writestr("__main__.py", WITNESS + SHOWS + "import part\n")
    archive.writestr("part.py", "")
same("zip", "", witnessed=[1], script=path("program.zip"),
     ways=("alloc", "always"))
with zipfile.ZipFile(path("library.zip"), "w") as archive:
    archive.writestr("part.py", "print(__file__)\n")
same("frozen_path", """\
import sys
sys.path[:] = [%r]
sys.path_hooks[:] = [h for h in sys.path_hooks if "zip" in repr(h)]
sys.path_importer_cache.clear()
import part
try:
    import colorsys
except ImportError as error:
    print(error)
witness(2)
sys.modules.clear()
""" % path("library.zip"), witnessed=[2], ways=("alloc", "always"))

# A folder, a module of a package, standard input.
os.makedirs(path("folder"))
write("folder/__main__.py", WITNESS + SHOWS)
same("folder", "", witnessed=[1], script=path("folder"), ways=("alloc",))
os.makedirs(path("package"))
write("package/__init__.py", "print(__name__)\n")
write("package/__main__.py", WITNESS + SHOWS)
same("module", "", witnessed=[1], script="-m", args=["package", "x"],
     cwd=FOLDER, ways=("alloc",))
same("stdin", "", witnessed=[1], script="-", args=["x"],
     stdin=WITNESS + SHOWS, ways=("alloc",))
same("interactive", "", script="-i", stdin="1 + 1\nx\nprint(2)\n",
     ways=("alloc",))

# A program's own sitecustomize and usercustomize.
write("sitecustomize.py", "import sys\nsys.stdout.write('its own\\n')\n")
same("sitecustomize", SHOWS, witnessed=[1], ways=("alloc", "always"),
     env={"PYTHONPATH": FOLDER + os.pathsep +
          os.environ.get("PYTHONPATH", "")})
finish()
