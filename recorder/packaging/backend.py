"""Builds pmtrace for pip: a PEP 517 backend that needs nothing but make, a C
compiler, pkg-config, libzstd and libcbor.

The wheel is for the interpreter that runs this. It holds the package, the
commands, their manual pages and completions, and the file by which an
interpreter starts the recorder (pmtrace.pth; from 3.18 pmtrace.start).

    pip install --config-settings build-dir=DIR .

takes what is built in DIR already, and its flags, and builds there what is
missing; so does the variable PMT_BUILD_DIR. Otherwise everything is built in a folder of its own.
"""

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HERE = os.path.join(SOURCE, "recorder", "packaging")

# Files of the wheel's top folder, from beside this one. Up to 3.17 the .pth is
# followed, and a .start beside it would cost more (docs/decisions).
STARTERS = ("pmtrace.pth", "_pmtrace_start.py") + (
    ("pmtrace.start",) if sys.version_info >= (3, 18) else ())

SDIST = ("Makefile", "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml",
         "format", "recorder", "analyse", "plot", "dtrace", "spec", "docs",
         "tests")

# A command in a wheel can be no link to another.
COMMAND = """\
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/pmt" %s "$@"
"""


# ---- what it is ----


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def version():
    return re.search(r"^VERSION *:= *(\S+)", read("Makefile"), re.M).group(1)


def project():
    """The table [project] of pyproject.toml, which uses little of TOML."""
    text = read("pyproject.toml").split("[project]")[1]
    table = {}
    for key, value in re.findall(r'^([\w-]+) = ("[^"]*"|\[[^\]]*\]|\{.*\})',
                                 text, re.M):
        strings = re.findall(r'"([^"]*)"', value)
        table[key] = strings if value.startswith("[") else strings[0]
    return table


def metadata():
    table = project()
    lines = ["Metadata-Version: 2.1", "Name: " + table["name"],
             "Version: " + version(), "Summary: " + table["description"],
             "Keywords: " + ",".join(table["keywords"]),
             "License: " + table["license"],
             "Requires-Python: " + table["requires-python"]]
    lines += ["Classifier: " + text for text in table["classifiers"]]
    lines += ["Description-Content-Type: text/markdown", ""]
    return "\n".join(lines + [read(table["readme"])])


def tag():
    """As cp313-cp313-linux_x86_64."""
    python = "cp%d%d" % sys.version_info[:2]
    abi = python + getattr(sys, "abiflags", "")
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    return "%s-%s-%s" % (python, abi, platform)


def wheel_text():
    return ("Wheel-Version: 1.0\nGenerator: pmtrace (%s)\n"
            "Root-Is-Purelib: false\nTag: %s\n" % (version(), tag()))


# ---- building ----


def give_up(text):
    sys.stderr.write("pmtrace: %s\n" % text)
    sys.exit(1)


def check_tools():
    """One line and the end where something is missing."""
    missing = []
    for program, package in (("make", "make"),
                             (os.environ.get("CC", "cc").split()[0], "gcc"),
                             ("pkg-config", "pkg-config")):
        if shutil.which(program) is None:
            missing.append("%s (package %s)" % (program, package))
    if not any("pkg-config" in text for text in missing):
        for library in ("libzstd", "libcbor"):
            if subprocess.call(["pkg-config", "--exists", library],
                               stderr=subprocess.DEVNULL):
                missing.append("%s (package %s-dev)" % (library, library))
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        missing.append("%s (package libpython%d.%d-dev)"
                       % ((header,) + sys.version_info[:2]))
    if missing:
        give_up("it can't be built without " + ", ".join(missing))


def build(folder, own_flags):
    """Runs make for this interpreter, with all output in `folder`."""
    check_tools()
    words = [os.environ.get("MAKE", "make"), "--no-print-directory", "-C",
             SOURCE, "B=" + folder, "PYTHON=" + sys.executable, "lib",
             "commands", "python"]
    env = dict(os.environ)
    if own_flags:
        words += ["-j%d" % (os.cpu_count() or 1), "WERROR=",
                  "CFLAGS=" + env.get("CFLAGS", "-O2")]
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            env.pop(name, None)
    env.pop("PYTHONPATH", None)  # pip's, for this process
    if subprocess.call(words, env=env, stdout=sys.stderr):
        give_up("make failed; what it printed is above")


# ---- the wheel ----


class Wheel:
    """A zip file with a RECORD."""

    def __init__(self, path, info):
        self.zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.info = info
        self.rows = []
        stamp = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
        self.date = max(time.gmtime(stamp)[:6], (1980, 1, 1, 0, 0, 0))

    def add(self, name, data, executable=False):
        if not isinstance(data, bytes):
            data = data.encode("utf-8")
        item = zipfile.ZipInfo(name, self.date)
        item.compress_type = zipfile.ZIP_DEFLATED
        item.external_attr = (0o100755 if executable else 0o100644) << 16
        self.zip.writestr(item, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        self.rows.append("%s,sha256=%s,%d" % (
            name, digest.rstrip(b"=").decode(), len(data)))

    def add_file(self, name, path, executable=False):
        with open(path, "rb") as file:
            self.add(name, file.read(), executable)

    def close(self):
        name = self.info + "/RECORD"
        self.zip.writestr(zipfile.ZipInfo(name, self.date),
                          "\n".join(self.rows + [name + ",,", ""]))
        self.zip.close()


def files_below(folder):
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(d for d in folders if d != "__pycache__")
        for name in sorted(names):
            if not name.endswith((".pyc", "~")):
                yield os.path.join(where, name)


def add_package(wheel, folder):
    package = os.path.join(SOURCE, "recorder", "pmtrace")
    for path in files_below(package):
        wheel.add_file("pmtrace/" + os.path.relpath(path, package), path)
    module = "_recorder" + sysconfig.get_config_var("EXT_SUFFIX")
    wheel.add_file("pmtrace/" + module,
                   os.path.join(folder, "python", "pmtrace", module), True)
    for name in STARTERS:
        wheel.add_file(name, os.path.join(HERE, name))


def add_commands(wheel, folder):
    data = "pmtrace-%s.data/" % version()
    commands = os.path.join(folder, "bin")
    wheel.add_file(data + "scripts/pmt", os.path.join(commands, "pmt"), True)
    listed = subprocess.run([os.path.join(commands, "pmt"),
                             "--list-commands"], stdout=subprocess.PIPE,
                            check=True).stdout.decode().split()
    for name in listed:
        wheel.add(data + "scripts/pmt-" + name, COMMAND % name, True)
    share = data + "data/share/"
    for name in ["pmt"] + ["pmt-" + name for name in listed]:
        wheel.add_file(share + "man/man1/%s.1" % name,
                       os.path.join(folder, "man", name + ".1"))
    for name, place in (("pmt.bash", "bash-completion/completions/pmt"),
                        ("pmt.zsh", "zsh/site-functions/_pmt")):
        wheel.add_file(share + place,
                       os.path.join(folder, "completion", name))


# ---- what pip calls ----


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


def write_info(folder):
    """The .dist-info folder without RECORD; its name."""
    info = "pmtrace-%s.dist-info" % version()
    os.makedirs(os.path.join(folder, info), exist_ok=True)
    for name, text in (("METADATA", metadata()), ("WHEEL", wheel_text())):
        with open(os.path.join(folder, info, name), "w",
                  encoding="utf-8") as file:
            file.write(text)
    return info


def prepare_metadata_for_build_wheel(metadata_directory,
                                     config_settings=None):
    return write_info(metadata_directory)


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    given = (config_settings or {}).get("build-dir",
                                        os.environ.get("PMT_BUILD_DIR"))
    folder = os.path.abspath(given) if given else tempfile.mkdtemp()
    try:
        build(folder, own_flags=not given)
        name = "pmtrace-%s-%s.whl" % (version(), tag())
        info = "pmtrace-%s.dist-info" % version()
        wheel = Wheel(os.path.join(wheel_directory, name), info)
        add_package(wheel, folder)
        add_commands(wheel, folder)
        wheel.add(info + "/licenses/LICENSE", read("LICENSE"))
        wheel.add(info + "/METADATA", metadata())
        wheel.add(info + "/WHEEL", wheel_text())
        wheel.close()
    finally:
        if not given:
            shutil.rmtree(folder, ignore_errors=True)
    return name


def build_sdist(sdist_directory, config_settings=None):
    top = "pmtrace-" + version()
    name = top + ".tar.gz"
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz",
                      format=tarfile.PAX_FORMAT) as tar:
        for entry in SDIST:
            path = os.path.join(SOURCE, entry)
            if os.path.isdir(path):
                for file in files_below(path):
                    tar.add(file, top + "/" + os.path.relpath(file, SOURCE))
            elif os.path.exists(path):
                tar.add(path, top + "/" + entry)
        text = metadata().encode("utf-8")
        item = tarfile.TarInfo(top + "/PKG-INFO")
        item.size = len(text)
        item.mtime = int(time.time())
        tar.addfile(item, io.BytesIO(text))
    return name
