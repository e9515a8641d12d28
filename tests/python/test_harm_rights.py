"""Programs that give up rights, change the root, or may not have descriptors
apart from each other: seccomp filters that refuse or kill."""
# RUN: few
# MODE: alloc

import os
import platform

from harm_support import both
from recorder_support import check, finish

ALONE = ["--no-children"]

FORKS = """
def forks(n):
    for i in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        x = [[] for n in range(4000)]
        known(5)
        time.sleep(0.03)
"""

# Nobody may neither open the trace nor, but for what `mode` lets, remove the
# journal.
NOBODYS = """\
import os, time
%s
known(10)
os.chmod(".", %s)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
known(10)
forks(3)
%s
forks(3)
print(os.getuid(), os.getgid())
try:
    open("/etc/shadow").close()
    print("read")
except OSError as error:
    print(error)
"""

CHROOT = """\
import os, time
%s
known(10)
os.mkdir("below")
os.chroot("below")
os.chdir("/")
known(10)
%s
print(os.listdir("/"))
"""

CLOSES = "os.closerange(3, 70000)"

FILTERED = """\
import os, time
%s
known(10)
os.closerange(3, 70000)
own = [os.open("own%%d" %% n, os.O_RDWR | os.O_CREAT) for n in range(20)]
for at in range(490, 600):
    os.dup2(own[0], at)
known(10)
forks(4)
for n, fd in enumerate(own):
    os.write(fd, b"own %%d" %% n)
""" % FORKS

# The program's own filter ends it at a call that it does not make.
KILLING = """\
import os, time
%s
known(10)
exec(open(os.environ["FILTER"]).read())
install(0x80000000)
forks(4)
print("alive")
""" % FORKS

# close_range(2) and unshare(2) get `action`; x86_64.
FILTER = """\
import ctypes, struct
def install(action):
    code = b"".join(struct.pack("HBBI", *row) for row in (
        (0x20, 0, 0, 0),            # the number of the call
        (0x15, 1, 0, 436),          # close_range
        (0x15, 0, 1, 272),          # unshare
        (0x06, 0, 0, action),
        (0x06, 0, 0, 0x7fff0000)))  # allowed
    libc = ctypes.CDLL(None, use_errno=True)
    text = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack(
        "HxxxxxxP", len(code) // 8, ctypes.addressof(text)))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
"""


def unless_left(case, wanted):
    """As whole(), where the journal may not be removed."""
    case.blocks(wanted)
    check(case.trace.complete(), "%s: not whole: %s"
          % (case.what, case.trace.warnings))
    check(case.lost() == 0, case.what + ": lost")


def rights():
    for mode, last in (("0o777", "pass"), ("0o755", "pass"),
                       ("0o777", CLOSES), ("0o700", CLOSES)):
        what = "nobody, %s, %s" % (mode, "closes" if last != "pass" else "")
        unless_left(both(what, NOBODYS % (FORKS, mode, last), ALONE), 50)
    unless_left(both("chroot", CHROOT % (FORKS, "forks(3)"), ALONE), 35)
    unless_left(both("chroot, closes", CHROOT % (FORKS, CLOSES), ALONE), 20)


def filters():
    namespace = {}
    exec(FILTER, namespace)
    for name, action in (("EPERM", 0x50001), ("ENOSYS", 0x50026)):
        both("filter, " + name, FILTERED, ALONE,
             setup=lambda: namespace["install"](action)).whole(40)
    name = os.path.join(os.environ.get("TMPDIR", "/tmp"), "filter.py")
    with open(name, "w") as file:
        file.write(FILTER)
    both("filter that kills", KILLING, ALONE,
         env={"FILTER": name}).whole(30)


def main():
    if os.geteuid() == 0:
        rights()
    else:
        print("not root: no rights to give up")
    if platform.machine() == "x86_64":
        filters()
    finish()


main()
