"""Which interpreters a build of the recorder can be tried under."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))

# Free-threaded builds have the same numbers as the others.
_ASK = ("import sys, sysconfig as s; c = s.get_config_var;"
        "print(sys.version.split()[0] + 't' * bool(c('Py_GIL_DISABLED')),"
        "c('EXT_SUFFIX'), sys.executable)")


def first_output(command):
    """The first line that the command prints, or '' if it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL,
                            stdin=subprocess.DEVNULL, universal_newlines=True)
    lines = result.stdout.splitlines()
    return lines[0] if result.returncode == 0 and lines else ""


def built_for(build, path):
    """(version, path) of an interpreter, or None if the recorder was not
    built for it."""
    line = first_output([path, "-I", "-c", _ASK])
    if not line:
        return None
    version, suffix, real = line.split(" ", 2)
    module = os.path.join(build, "python", "pmtrace", "_recorder" + suffix)
    return (version, real) if os.path.exists(module) else None


def interpreters(build, python):
    """(version, path) of those the recorder was built for, `python` first."""
    found = subprocess.run([os.path.join(HERE, "find")],
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.splitlines()
    result = []
    for path in [python] + found:
        pair = built_for(build, path)
        if pair and pair[0] not in [version for version, _ in result]:
            result.append(pair)
    return result


def modes(build, real):
    """[(mode, what it needs or '')] of the recorder for this interpreter."""
    line = first_output(
        ["env", "-u", "PYTHONPATH", real, "-c",
         "import sys; sys.path.insert(0, sys.argv[1])\n"
         "from pmtrace import _recorder\n"
         "print(*('%s=%s' % (m[0], m[2] or '') for m in _recorder.MODES),"
         "sep='\\t')", os.path.join(build, "python")])
    return [tuple(word.split("=", 1)) for word in line.split("\t") if word]
