#!/usr/bin/env python3
"""pmt sample -g cgroup: the files of a process's group of version 2.

The group is a real one. Its own files are read where the memory controller
lets it have them; for known values the same place is covered, in a mount
namespace of the sampler's own, by a folder with files as the kernel writes
them. Needs root.
"""

import os
import shutil
import subprocess
import sys
import tempfile

import kit

FILES = {
    "memory.current": "123456789\n",
    "memory.peak": "234567890\n",
    "memory.max": "max\n",
    "memory.swap.current": "4096\n",
    "memory.events": "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"
                     "oom_group_kill 6\n",
    "memory.pressure":
        "some avg10=0.00 avg60=0.10 avg300=0.00 total=1234\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=567\n",
}
WANTED = {
    "cgroup_memory_current": 123456789,
    "cgroup_memory_peak": 234567890,
    "cgroup_memory_swap": 4096,
    "cgroup_memory_events_low": 1,
    "cgroup_memory_events_high": 2,
    "cgroup_memory_events_max": 3,
    "cgroup_memory_events_oom": 4,
    "cgroup_memory_events_oom_kill": 5,
    "cgroup_memory_pressure_some": 1234000,
    "cgroup_memory_pressure_full": 567000,
}  # memory.max is "max": no limit, no figure

checks = kit.Checks()
kit.scratch()


def hierarchies():
    """Where all of version 2 is mounted."""
    return [line.split()[4] for line in open("/proc/self/mountinfo")
            if " - cgroup2 " in line and line.split()[3] == "/"]


def sampled(pid, trace, before=""):
    """The last sample, by a sampler in a mount namespace of its own, where
    the commands `before` were run."""
    done = subprocess.run(
        ["unshare", "-m", "sh", "-ec", before + '\nexec "$@"', "sh", kit.PMT,
         "sample", "-q", "-i", "50ms", "--duration", "0.2", "-g",
         "memory,cgroup", "-o", trace, "-p", str(pid)])
    checks.equal(done.returncode, 0, "pmt sample for " + trace)
    lines = kit.run("dump", "--json", "--kind=sample", trace).json()
    values = [line["values"] for line in lines
              if line.get("kind") == "sample" and line.get("pid") == pid][-1]
    return {name: value for name, value in values.items()
            if name.startswith("cgroup")}


def main():
    mounts = hierarchies()
    if os.geteuid() != 0 or not mounts or not shutil.which("unshare") or \
            subprocess.run(["unshare", "-m", "true"],
                           stderr=subprocess.DEVNULL).returncode != 0:
        print("needs root, a mounted cgroup2 and unshare(1)")
        sys.exit(77)
    group = "%s/pmt-test-%d" % (mounts[0], os.getpid())
    none_but = "".join("umount -l %s\n" % mount for mount in mounts)
    fake, place = tempfile.mkdtemp(), tempfile.mkdtemp()
    for name, text in FILES.items():
        with open(os.path.join(fake, name), "w") as file:
            file.write(text)
    try:
        os.mkdir(group)
    except OSError as error:
        print("no group can be made: %s" % error)
        sys.exit(77)
    target = subprocess.Popen(["sleep", "100"])
    try:
        with open(group + "/cgroup.procs", "w") as file:
            file.write(str(target.pid))
        real = sampled(target.pid, "real.pmt")
        for name, file in (("cgroup_memory_pressure_some", "memory.pressure"),
                           ("cgroup_memory_current", "memory.current")):
            checks.equal(name in real, os.path.exists(group + "/" + file),
                         name)
        covered = "mount --bind %s %s" % (fake, group)
        checks.equal(sampled(target.pid, "covered.pmt", covered), WANTED,
                     "known values")
        # As in a container: nothing but the group itself is mounted.
        only = "mount --bind %s %s\n%smount --bind %s %s" % (
            group, place, none_but, fake, place)
        checks.equal(sampled(target.pid, "only.pmt", only), WANTED,
                     "where the group is what is mounted")
        outside = "mkdir -p %s/other\nmount --bind %s/other %s\n" \
                  "%smount --bind %s %s" % (
                      group, group, place, none_but, fake, place)
        checks.equal(sampled(target.pid, "outside.pmt", outside), {},
                     "a group outside of what is mounted")
        with open(fake + "/memory.max", "w") as file:
            file.write("500000000\n")
        checks.equal(sampled(target.pid, "limit.pmt", covered),
                     dict(WANTED, cgroup_memory_max=500000000), "a limit")
    finally:
        target.kill()
        target.wait()
        for name in (group + "/other", group):
            if os.path.isdir(name):
                os.rmdir(name)


main()
checks.finish()
