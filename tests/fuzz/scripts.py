#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Fuzzes what the scripts read: files of a results folder, of a fleet, state files of root's.

scripts.py [--seconds S] [--seed N] [--only TARGET] [--keep DIR]      (make fuzz-scripts)

Each round changes bytes of one file, or puts words into it that an eval, awk or a shell would
obey, and runs the script that reads it. After each: no program was started but those that the
scripts are made of, and no file changed outside the folder. It runs in a mount, PID and network
namespace, over a copy of this machine's files that is in memory; root is needed, and strace.
Ends with a line: N passed, N failed, N skipped. What fails is kept in build/fuzz-scripts/.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
KNOWN = set("""sh dash bash awk mawk gawk sed grep cat head tail tr cut sort uniq wc find stat id rm mv cp
mkdir mktemp rmdir ln chmod chown chgrp touch date sleep timeout dirname basename readlink realpath uname
getent printenv env expr seq md5sum sha256sum od tar gzip base64 sync tee test true false kill ls sudo
setsid setpriv ip ethtool ping modinfo modprobe kmod udevadm systemctl nft tc bridge getopt fold paste
napimeter napinic napistat gnuplot gnuplot_qt gnuplot-nox python3 iperf sar sadc busybox xargs comm cmp
df du ps mount printf echo lspci systemd-detect-virt pgrep rmmod insmod stty flock nice
nproc sweep.sh report.sh tune.sh restore.sh hist.sh take.sh textfile.sh load.sh make-results.sh""".split())
CANARY = "napi-canary"
# The first is a program for awk, for eval and inside double quotes; the second for $(( ))
WORDS = ['1;system("%s")#$(%s)'] * 4 + ["a[$(%s)]"] * 2 + [
    "`%s`", '";system("%s");"', '1);system("%s");print(1', "'; %s; '", '"; %s; "', "; %s #", "|%s", "\n%s\n",
    "/e;s//%s/e;s/", "'.system(\"%s\").'", "\n!%s\n", '"|"%s', '1}BEGIN{system("%s")}{']
PATHS = ["../../../tmp/napi-canary", "/etc/napi-canary", "/etc/passwd", "-o/etc/napi-canary", "\033[2J",
         "\0", "=HYPERLINK(1)", "99999999999999999999999", "-1", "1e999", "nan", "%n%n%s", "\n", "'", '"',
         ",", "\t", "\r\n", "\\", "*", "-", "--help", " "]


class Target:
    """A folder made once, the files of it that are changed, and a command that reads them."""

    def __init__(self, name, files, command, status=0):
        self.name, self.files, self.command, self.status = name, files, command, status


RUNS = ["r/runs.csv", "r/hist.csv", "r/meta.json"]
# In /box, the folder; the tree is at /tree
TARGETS = [
    Target("report", RUNS, "/tree/scripts/report.sh --out /box/report /box/r"),
    Target("hist", ["snapshot"], "/tree/scripts/hist.sh --snapshot /box/snapshot --width 60 --file all"),
    Target("tune", ["t/.*(?<!hist.csv)(?<!meta.json)"], "/box/scripts/tune.sh eth0 --server 192.0.2.1 --seed 1 --out /box/t"
           " --try weight=128 --minutes 5"),
    Target("undo", ["root/var/lib/e1000_napi/tune/undo"], "/tree/scripts/tune.sh --undo"),
    Target("sweep-restore", ["run/sweep.state", "run/sweep.pid"], "/tree/scripts/sweep.sh --restore", 1),  # nothing is written to /proc here
    Target("restore", ["run/0000:00:09.0.state"], "rm /run/e1000_napi/sweep.* && /tree/scripts/restore.sh --all", 1),
    Target("fleet", ["f/state.tsv", "f/guests/g1/runs.csv", "f/guests/g1/hist.csv", "f/guests/g1/meta.json"],
           "/tree/scripts/fleet/report.sh /box/f"),
    Target("take", ["p/runs.csv", "p/meta.json", "p/hist.csv"], "cd /box/p && tar -cz * | base64 |"
           " /tree/scripts/fleet/take.sh /box/o/g1 && sh /box/o/g1/textfile.sh /box/o"),
    Target("take-raw", ["packed"], "/tree/scripts/fleet/take.sh /box/o/g1 </box/packed"),
]
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
       "E1000_NAPI_SYS": "/box/sys", "E1000_NAPI_SOURCE_SEEN": "1", "E1000_NAPI_ROOT": "/box/root", "TRUTH": "/box/truth",
       "CALLS": "/box/calls"}
MAKE = r"""
set -eu
make="/tree/tests/shell/make-results.sh --kind irq --weights '1 64' --reps 2"
cd /box
eval "$make /box/r"
mkdir -p f/guests p o
cp -R r f/guests/g1
cp r/*.* p/
printf 'g1\tok\t\ng2\tfailed\tno "reason"\n' >f/state.tsv
(cd p && tar -cz * | base64) >packed
cp /tree/tests/fuzz/napimeter/seed/snapshot/driver snapshot
mkdir -p sys/class/net/eth0/device sys/bus/pci/drivers/e1000 root/etc run scripts build
mkdir -p sys/bus/pci/devices/0000:00:09.0/net/n9
ln -s ../../bus/pci/drivers/e1000_napi sys/class/net/eth0/device/driver
mkdir -p sys/kernel/debug/e1000_napi/eth0
: >sys/kernel/debug/e1000_napi/eth0/snapshot
echo 52:54:00:00:01:00 >sys/class/net/eth0/address
ln -s /tree/build/tools build/tools
cp -R /tree/scripts/*.sh /tree/scripts/lib /tree/tests/shell/make-results.sh scripts/
cp /tree/tests/shell/tune-sweep.sh scripts/sweep.sh
: >truth
: >calls
mkdir -p root/var/lib/e1000_napi/tune root/etc/sysctl.d root/etc/modprobe.d
echo mine >root/etc/sysctl.d/90-e1000_napi-tune.conf
cat >root/var/lib/e1000_napi/tune/undo <<END
config etc/modprobe.d/e1000_napi-tune.conf none
file /box/sys/class/net/eth0/threaded 0
gro eth0 1
END
sed 's|/sys/class|/box/sys/class|' /tree/tests/fuzz/napinic/seed/check/state >run/0000:00:09.0.state
mkdir -p sys/bus/pci/drivers/e1000_napi sys/class/net/n9 sys/module
ln -s ../../drivers/e1000 sys/bus/pci/devices/0000:00:09.0/driver
ln -s ../../../bus/pci/devices/0000:00:09.0 sys/class/net/n9/device
: >sys/bus/pci/devices/0000:00:09.0/driver_override
printf 'file\t/proc/sys/net/core/netdev_budget\t300\nfile\t/sys/class/net/eth0/threaded\t0\n' >run/sweep.state
echo '1:1 sweep.sh' >run/sweep.pid
scripts/tune.sh eth0 --server 192.0.2.1 --seed 1 --out /box/t --try weight=128 --minutes 5 >/dev/null 2>&1
"""


def sh(*args, **options):
    return subprocess.run(args, check=True, **options)


class Box:
    """An overlay over this machine's files, in memory."""

    def __init__(self, at):
        self.at, self.root, self.upper = at, at + "/root", at + "/upper"
        sh("mount", "-t", "tmpfs", "tmpfs", at)
        for name in ("root", "upper", "work"):
            os.mkdir(at + "/" + name)
        sh("mount", "-t", "overlay", "-o", "lowerdir=/,upperdir=%s/upper,workdir=%s/work" % (at, at),
           "overlay", self.root)
        for name in ("box", "tree", "run/e1000_napi"):
            os.makedirs(self.root + "/" + name, exist_ok=True)
        # what is the kernel's own is for reading
        sh("mount", "--rbind", "/dev", self.root + "/dev")
        sh("mount", "-t", "proc", "proc", self.root + "/proc")
        sh("mount", "-o", "remount,ro", self.root + "/proc")
        sh("mount", "-t", "sysfs", "-o", "ro", "sysfs", self.root + "/sys")
        sh("mount", "--bind", TOP, self.root + "/tree")
        sh("mount", "-o", "remount,ro,bind", self.root + "/tree")
        canary = self.root + "/usr/local/bin/" + CANARY
        with open(canary, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\n: >/etc/napi-canary\n")
        os.chmod(canary, 0o755)

    def run(self, command, log=None, seconds=60):
        trace = ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "200", "-e", "trace=execve", "-e",
                 "signal=none", "-o", log] if log else []
        return subprocess.run(trace + ["timeout", "-k", "5", str(seconds), "chroot", self.root, "sh", "-c",
                                       "umask 022; cd /box; " + command], env=ENV,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def outside(self):
        """What is in the upper layer, but the folder itself: path, size, time of change."""
        found = set()
        for folder, names, files in os.walk(self.upper):
            at = folder[len(self.upper):] or "/"
            if at == "/":
                names[:] = [n for n in names if n not in ("box", "tree")]
            for name in files + [n for n in names if os.path.islink(folder + "/" + n)]:
                path = os.path.join(at, name)
                if re.match(r"/tmp/tmp\.|/run/e1000_napi/|/tmp/.*tmp", path):
                    continue
                st = os.lstat(folder + "/" + name)
                found.add((path, st.st_size, st.st_mtime_ns))
        return found


def word_of(rng):
    return rng.choice(WORDS).replace("%s", CANARY) if rng.random() < 0.85 else rng.choice(PATHS)


def payload(rng, data):
    """Words that something may obey: in one place, a column, the last row, all places, or alone."""
    lines = data.decode("utf-8", "replace").rstrip("\n").split("\n")
    how = rng.choice(("alone", "one", "column", "last", "all"))
    rows = range(len(lines))
    if how == "alone":
        return "".join(word_of(rng) + rng.choice("\n\t ") for _ in range(3)).encode() + b"\n"
    if how == "one":
        rows = [rng.randrange(len(lines))]
    elif how == "last":
        rows = [len(lines) - 1]
    parts = re.split(r"([,\t =:]+)", lines[rows[-1]])
    column, quoted = 2 * rng.randrange((len(parts) + 1) // 2), rng.random() < 0.2
    for i in rows:
        if i == 0 and len(lines) > 1 and how != "one":
            continue  # a header stays, or nothing else is read
        parts = re.split(r"([,\t =:]+)", lines[i])
        for k in range(0, len(parts), 2):
            if k == column or (how in ("last", "all") and rng.random() < 0.7):
                parts[k] = word_of(rng)
                if quoted:  # a reader that knows quotes gets it past the commas
                    parts[k] = '"%s"' % parts[k].replace('"', '""')
        lines[i] = "".join(parts)
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def mutate(rng, data):
    """The file with bytes changed, or with words put into it."""
    if rng.random() < 0.7:
        return payload(rng, data)
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, how = rng.randrange(len(data) + 1), rng.randrange(4)
        if how == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif how == 1:
            del data[at:at + rng.choice((1, 8, 64, 1 << 20))]
        elif how == 2:
            data[at:at] = data[at:at + rng.choice((8, 64, 4096))]
        else:
            lines = bytes(data).split(b"\n")
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def unknown(log):
    """Programs that were started and are none of the scripts'."""
    bad = set()
    with open(log, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            match = re.search(r'execve\("([^"]*)".* = 0$', line)
            if match and os.path.basename(match[1]) not in KNOWN | {"chroot", "timeout"}:
                bad.add(match[1])
            if CANARY in line and re.search(r'execve\("[^"]*' + CANARY, line):
                bad.add(CANARY)
    return bad


def rounds(box, options, kept):
    pristine, folder = box.at + "/pristine", box.root + "/box"
    made = box.run(MAKE, seconds=300)
    if made.returncode:
        sys.exit("the folders could not be made: " + made.stderr.decode(errors="replace")[-800:])
    shutil.copytree(folder, pristine, symlinks=True)
    targets = [t for t in TARGETS if options.only in ("", t.name)]
    end, done, failed = time.monotonic() + options.seconds, dict.fromkeys(targets, 0), 0
    log = box.at + "/trace"
    number = 0
    while time.monotonic() < end and failed < 10:
        target = targets[number % len(targets)]
        rng = random.Random("%d %d" % (options.seed, number))
        sh("sh", "-c", 'rm -rf "$1"/* "$1"/../run/e1000_napi/* && cp -a "$2"/. "$1"/', "sh", folder, pristine)
        files = sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder)
                       for f in names)
        files = [f for f in files if any(re.fullmatch(p, f) for p in target.files)]
        # the first round of each is as it was made: what fails then is the test
        changed = ""
        if number >= len(targets):
            # each kind of file as often as the others
            name = rng.choice(sorted({os.path.basename(f) for f in files}))
            changed = rng.choice([f for f in files if os.path.basename(f) == name])
            with open(os.path.join(folder, changed), "rb") as f:
                data = f.read()
            with open(os.path.join(folder, changed), "wb") as f:
                f.write(mutate(rng, data))
        sh("sh", "-c", 'cp -a "$1"/run/. "$1/../run/e1000_napi/"', "sh", folder)
        before = box.outside()
        done_now = box.run(target.command, log)
        bad = ["started " + name for name in sorted(unknown(log))]
        bad += ["changed " + path for path in sorted({p for p, _, _ in before ^ box.outside()})]
        if b"\033" in done_now.stdout + done_now.stderr:
            bad.append("an escape sequence came out")
        if done_now.returncode in (124, 137):
            bad.append("no end after a minute")
        if not changed and done_now.returncode != target.status:
            bad.append("status %d, not %d: %s" % (done_now.returncode, target.status,
                                                  done_now.stderr.decode(errors="replace")[-400:]))
        done[target] += 1
        if bad:
            failed += 1
            print("not ok %s, round %d, %s: %s" % (target.name, number, changed or "unchanged", "; ".join(bad)))
            if changed:
                shutil.copy(os.path.join(folder, changed), "%s/%s-%d" % (kept, target.name, number))
            for path in ("/etc/napi-canary", "/tmp/napi-canary"):
                if os.path.exists(box.root + path):
                    os.unlink(box.root + path)
        number += 1
    for target in targets:
        print("# %s: %d rounds" % (target.name, done[target]))
    print("# %d rounds in %d s" % (number, options.seconds))
    print("%d passed, %d failed, 0 skipped" % (number - failed, failed))
    return failed > 0


def main():
    about = argparse.ArgumentParser()
    about.add_argument("--seconds", type=int, default=60)
    about.add_argument("--seed", type=int, default=1)
    about.add_argument("--only", default="", help="one of: " + " ".join(t.name for t in TARGETS))
    about.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = about.parse_args()
    if os.geteuid() or not shutil.which("strace"):
        print("# this needs root, and strace (dev/deps.sh report)")
        print("0 passed, 0 failed, 1 skipped")
        return 4
    if not options.inside:
        # the namespaces end with it, and so do all processes in them
        return subprocess.run(["unshare", "-m", "-p", "-n", "-f", "--kill-child", "--propagation", "private",
                               sys.executable] + sys.argv + ["--inside"], check=False).returncode
    kept = TOP + "/build/fuzz-scripts"
    os.makedirs(kept, exist_ok=True)
    sh("mount", "-t", "proc", "proc", "/proc")
    sh("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
    sh("ip", "link", "add", "n9", "type", "veth", "peer", "name", "peer9")
    return rounds(Box("/mnt"), options, kept)


sys.exit(main())
