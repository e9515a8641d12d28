"""Recording begun and ended in a process that runs already: both ends of
`pmt attach` and `pmt detach`.

As a script this file is run by those commands, by an interpreter of the other
process's minor version:

    python3 -I -S _attach.py attach|detach PID SECONDS PROGRAM SETTINGS

It writes a short script into a folder of the other process's user, has it run
there by sys.remote_exec, and waits for the answer, which is renamed into
place. The script takes a file away before it does anything, and whoever waits
takes that file away when it gives up: so only one of them wins, and nothing
happens in the process after an error was reported.

Imported, it is the end in the other process: answer().
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Tuple

# Of the script's function.
NAME = "_pmtrace_attach"

# ---- in the process that is recorded ----


def answer(what, text):
    # type: (str, str) -> str
    """Does it, and returns the path of the trace. Exceptions say why not."""
    import pmtrace
    from pmtrace import _launch

    recorder = pmtrace.Recorder.running()
    if what == "attach":
        if recorder is not None:
            raise RuntimeError("is being recorded already, into "
                               + os.path.abspath(recorder.path))
        recorder = _launch.begin(_launch.settings_of(text))
        recorder.mark("pmtrace: attached")
        return os.path.abspath(recorder.path)
    begun = _launch.begun
    if recorder is None or begun not in pmtrace._running:
        raise LookupError(
            "is not being recorded" if recorder is None else
            "is being recorded by itself, into "
            + os.path.abspath(recorder.path))
    if recorder is not begun:
        raise LookupError("records itself too, into "
                          + os.path.abspath(recorder.path))
    path = os.path.abspath(begun.path)
    begun.mark("pmtrace: detached")
    _launch.begun = None
    begun.stop()
    return path


def raise_later(error):
    # type: (BaseException) -> None
    """An exception of the program's own, as a handler of signals raises, is
    raised in this thread as soon as it has left the script, where nobody
    would see it."""
    import ctypes
    import threading
    import time

    kind = type(error)
    ident = threading.get_ident()
    again = type(kind.__name__, (kind,), {
        "__module__": kind.__module__,
        "__init__": lambda self: kind.__init__(self, *error.args)})

    def is_inside():
        # type: () -> bool
        frame = sys._current_frames().get(ident)
        while frame is not None and frame.f_code.co_name != NAME:
            frame = frame.f_back
        return frame is not None

    def wait():
        # type: () -> None
        while is_inside():
            time.sleep(0.001)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(ident), ctypes.py_object(again))

    threading.Thread(target=wait, daemon=True).start()


# ---- in the process that asks ----

# Run in the other process, in a namespace of its own.
SCRIPT = """\
def %(name)s():
    import os

    folder = %(folder)r
    try:
        os.rename(folder + "/go", folder + "/gone")
    except OSError:
        return
    import sys
    try:
        if "pmtrace" not in sys.modules:
            known = set(sys.path_importer_cache)
            sys.path.insert(0, %(package)r)
            try:
                import pmtrace
            finally:
                sys.path.remove(%(package)r)
                for place in set(sys.path_importer_cache) - known:
                    del sys.path_importer_cache[place]
        from pmtrace import _attach
        word = "done"
        text = _attach.answer(%(what)r, %(text)r)
    except LookupError as error:
        word, text = "not", str(error)
    except Exception as error:
        word, text = "failed", (getattr(error, "strerror", None) or
                                str(error) or type(error).__name__)
        if getattr(error, "filename", None):
            text = "%%s: %%s" %% (error.filename, text)
    except BaseException as error:
        word, text = "failed", "was interrupted by a signal of its own"
        from pmtrace import _attach
        _attach.raise_later(error)
    with open(folder + "/part", "w", encoding="utf-8",
              errors="surrogateescape") as file:
        file.write(word + " " + text)
    os.rename(folder + "/part", folder + "/answer")


%(name)s()
"""

# What is left for a process that answers after nobody waits any more.
LATE = """\
def late():
    import os

    os.unlink(%(folder)r + "/script.py")
    os.rmdir(%(folder)r)


try:
    late()
except OSError:
    pass
"""

DONE, NOT, TROUBLE = 0, 1, 2

# Folders that anybody may write to; the first that both processes see is
# taken.
PLACES = ("/tmp", "/var/tmp", "/dev/shm")


class Failure(Exception):
    """What is said of the process, and the exit status."""

    def __init__(self, text, status=TROUBLE):
        # type: (str, int) -> None
        Exception.__init__(self, text)
        self.status = status


def not_permitted():
    # type: () -> Failure
    text = "no permission: it must be a process of the same user"
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope") as file:
            scope = int(file.read())
    except (OSError, ValueError):
        scope = 0
    if scope:
        text += (", and kernel.yama.ptrace_scope is %d: with more than 0 it "
                 "takes root or CAP_SYS_PTRACE" % scope)
    else:
        text += ", or it takes root or CAP_SYS_PTRACE"
    return Failure(text)


def is_seen(pid, path):
    # type: (int, str) -> bool
    """Whether the process finds the same file under this name. Failure."""
    there = "/proc/%d/root%s" % (pid, path)
    try:
        return os.path.samefile(there, path)
    except PermissionError:
        raise not_permitted()
    except OSError:
        return False


def status_of(pid):
    # type: (int) -> dict
    """The lines of /proc/PID/status. Failure."""
    try:
        with open("/proc/%d/status" % pid) as file:
            lines = [line.partition(":") for line in file]
    except OSError:
        raise Failure("has ended")
    found = {name: rest.strip() for name, _, rest in lines}
    if found.get("State", "Z")[0] in "ZX":
        raise Failure("has ended")
    return found


def is_alive(pid):
    # type: (int) -> bool
    try:
        status_of(pid)
    except Failure:
        return False
    return True


class Folder:
    """A new folder for the files of this, which the process sees and only
    its user may enter. That user may change what is in it at any time, so
    everything is done by the folder's descriptor, and no link is followed."""

    def __init__(self, place, user):
        # type: (str, int) -> None
        import tempfile

        self.user = user
        self.path = tempfile.mkdtemp(prefix="pmtrace-", dir=place)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY |
                          os.O_NOFOLLOW | os.O_CLOEXEC)
        self._give(self.fd)

    def _give(self, fd):
        # type: (int) -> None
        try:
            if os.fstat(fd).st_uid != self.user:
                os.fchown(fd, self.user, -1)
        except OSError:
            self.remove()
            raise not_permitted()

    def write(self, name, text):
        # type: (str, str) -> None
        fd = os.open(name + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL |
                     os.O_CLOEXEC, 0o600, dir_fd=self.fd)
        self._give(fd)
        with open(fd, "w", encoding="utf-8",
                  errors="surrogateescape") as file:
            file.write(text)
        os.rename(name + ".new", name, src_dir_fd=self.fd,
                  dst_dir_fd=self.fd)

    def read(self, name):
        # type: (str) -> str
        """FileNotFoundError."""
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK |
                     os.O_CLOEXEC, dir_fd=self.fd)
        with open(fd, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(65536)

    def take(self, name):
        # type: (str) -> bool
        """Removes a file; False: it is not there."""
        try:
            os.unlink(name, dir_fd=self.fd)
        except OSError:
            return False
        return True

    def remove(self):
        # type: () -> None
        for name in os.listdir(self.fd):
            self.take(name)
        try:
            os.rmdir(self.path)
        except OSError:
            pass


def folder_for(pid, user):
    # type: (int, int) -> Folder
    for place in PLACES:
        if is_seen(pid, place) and os.access(place, os.W_OK | os.X_OK):
            return Folder(place, user)
    raise Failure("sees other files than this command, as in a container: "
                  "run the command there")


def package_for(pid):
    # type: (int) -> str
    here = os.path.abspath(__file__)
    if not is_seen(pid, here):
        raise Failure("does not see the recorder (%s), as in a container: "
                      "run the command there" % here)
    return os.path.dirname(os.path.dirname(here))


def remote_exec(pid, script):
    # type: (int, str) -> None
    """sys.remote_exec, with what goes wrong in plain words. Failure."""
    try:
        sys.remote_exec(pid, script)  # type: ignore
    except PermissionError:
        raise not_permitted()
    except Exception as error:
        status_of(pid)
        text = str(error)
        if "not enabled" in text:
            raise Failure("its Python does not let others in: it was started "
                          "with PYTHON_DISABLE_REMOTE_DEBUG or -X "
                          "disable_remote_debug, or built without it")
        raise Failure("is not to be reached: %s" % text)


def where(pid):
    # type: (int) -> str
    """What the main thread is at, as the kernel sees it."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            state = file.read().rpartition(")")[2].split()[0]
        if state in "Tt":
            return "it is stopped"
        if state == "R":
            return "its main thread is in C code"
        with open("/proc/%d/wchan" % pid) as file:
            place = file.read().strip("0 \n")
    except (OSError, IndexError):
        place = ""
    return ("its main thread sleeps" + (" (%s)" % place if place else "") +
            ", or is in C code")


def wait(pid, folder, seconds):
    # type: (int, Folder, float) -> Tuple[str, str]
    """The answer: a word and a text. Failure."""
    import time

    until = time.monotonic() + seconds
    pause = 0.001
    while True:
        ended = not is_alive(pid)
        try:
            word, _, text = folder.read("answer").partition(" ")
            return word, text
        except FileNotFoundError:
            pass
        if ended:
            raise Failure("has ended")
        if time.monotonic() >= until and folder.take("go"):
            raise Failure(
                "did not answer within %g s: %s; it answers when that thread "
                "runs Python. Nothing was changed (--wait waits longer)"
                % (seconds, where(pid)))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def ask(what, pid, seconds, text):
    # type: (str, int, float, str) -> str
    """Has the process do it; returns the path of the trace. Failure."""
    user = int(status_of(pid)["Uid"].split()[1])
    package = package_for(pid)
    folder = folder_for(pid, user)
    names = {"name": NAME, "folder": folder.path, "package": package,
             "what": what, "text": text}
    keep = False
    try:
        folder.write("script.py", SCRIPT % names)
        folder.write("go", "")
        remote_exec(pid, folder.path + "/script.py")
        try:
            word, said = wait(pid, folder, seconds)
        except (Failure, KeyboardInterrupt):
            # Python says so on standard error where the script is not there.
            keep = is_alive(pid)
            if keep:
                folder.take("go")
                folder.write("script.py", LATE % names)
            raise
    finally:
        if not keep:
            folder.remove()
    if word != "done":
        raise Failure(said, NOT if word == "not" else TROUBLE)
    return said


def main(argv):
    # type: (Any) -> int
    what, pid, seconds, program, verbose, text = argv
    try:
        path = ask(what, int(pid), float(seconds), text)
    except Failure as failure:
        sys.stderr.write("%s: process %s: %s\n" % (program, pid, failure))
        return failure.status
    except OSError as error:
        sys.stderr.write("%s: %s: %s\n" % (program, error.filename,
                                           error.strerror))
        return TROUBLE
    if verbose == "1":
        sys.stderr.write("%s: process %s: %s %s\n" % (
            program, pid, "records into" if what == "attach" else "recorded",
            path))
    return DONE


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
