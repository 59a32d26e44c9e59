"""Checks the systemd unit: systemd accepts it, its exposure is within a limit, and a worker works within its filter of
system calls.

    unit.py PAYOUT_WORKER

A container has no systemd, so strace simulates the filter: every system call that the filter refuses fails with EPERM,
as under the unit.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from harness import ROOT, bare_environment, free_port, process, sandbox, status, temporary, wait_for

UNIT = ROOT / "deploy/systemd/payout-export-worker.service"
ENVIRONMENT = ROOT / "deploy/systemd/environment"
# In tenths, as systemd-analyze takes it: 1.5 of 10.
EXPOSURE = 15


def checked(folder):
    """The unit with a program that is installed on this machine instead of the worker."""
    text = UNIT.read_text().replace("/usr/local/bin/payout-worker", "/bin/true")
    copy = pathlib.Path(folder, UNIT.name)
    copy.write_text(re.sub(r"^EnvironmentFile=.*$", "", text, flags=re.M))
    return copy


def analyze(folder):
    copy = checked(folder)
    verify = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    if verify.returncode or verify.stderr.strip():
        sys.exit(f"systemd-analyze verify: {verify.stderr}")
    security = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE}", copy],
        capture_output=True, text=True,
    )
    last = security.stdout.strip().splitlines()[-1] if security.stdout.strip() else security.stderr
    if security.returncode:
        sys.exit(f"systemd-analyze security: more than {EXPOSURE / 10}: {last}")
    print(last.encode("ascii", "ignore").decode().strip())


def members(group, seen):
    """The system calls of a filter's entry, with those of the groups in it."""
    if not group.startswith("@"):
        return {group}
    if group in seen:
        return set()
    seen.add(group)
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    found = set()
    for line in text.stdout.splitlines()[1:]:
        if line.strip() and not line.strip().startswith("#"):
            found |= members(line.strip(), seen)
    return found


def refused():
    """What the unit's filter refuses, of the system calls that systemd knows."""
    allowed = set()
    for entry in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.M):
        calls = set().union(*(members(name, set()) for name in entry.lstrip("~").split()))
        allowed = allowed - calls if entry.startswith("~") else allowed | calls
    if "read" not in allowed or "connect" not in allowed:
        sys.exit("the unit's filter of system calls could not be read")
    return sorted(members("@known", set()) - allowed)


def works_within(worker, folder):
    denied = refused()
    names = ",".join("?" + name for name in denied)
    trace = pathlib.Path(folder, "refused")
    strace = [
        "strace", "-f", "-qq", "--seccomp-bpf", "-o", str(trace),
        "-e", "trace=" + names, "-e", f"inject={names}:error=EPERM", "-e", "signal=none",
    ]
    with sandbox(worker, folder) as variables:
        port = free_port()
        environment = bare_environment(**variables, HTTP_PORT=str(port), WORKER_ID="unit", LOG_FORMAT="json")
        with process([*strace, worker, "run"], environment, folder, "worker") as running:
            def alive():
                if running.poll() is not None:
                    sys.exit("the worker has ended: " + running.errors.read_text())
                return status(port, "/livez") == 200

            wait_for("a living worker", alive)
            subprocess.run(
                [worker, "enqueue", "--kind", "payments", "--wait"], env=environment, check=True, timeout=120,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
    used = sorted({match for match in re.findall(r"^\d+\s+(\w+)\(", trace.read_text(), re.M)})
    print(f"a worker ends a job with {len(denied)} system calls refused; it tried {', '.join(used) or 'none of them'}")


def main():
    # What systemd takes as an assignment: NAME=value, comments and blank lines.
    for line in ENVIRONMENT.read_text().splitlines():
        if line and not re.fullmatch(r"#.*|[A-Z][A-Z0-9_]*=\S*", line):
            sys.exit(f"{ENVIRONMENT.name}: systemd would not read '{line}'")
    with temporary() as folder:
        analyze(folder)
        if not shutil.which("strace"):
            sys.exit("strace is not here")
        works_within(sys.argv[1], folder)


if __name__ == "__main__":
    main()
