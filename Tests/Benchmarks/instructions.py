"""Instructions for a job in the core and the codecs, counted by callgrind. Unlike times they are the same on a busy machine,
so a small regression shows. They depend on the compiler: see budgets.json."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

# The arguments of `bench` for a number of jobs.
PARTS = {
    "decisions": lambda jobs: ("engine", jobs, 6, 1),
    "decode a job": lambda jobs: ("codec", "jobs", jobs),
    "encode three state records": lambda jobs: ("codec", "state", jobs),
    "encode an event": lambda jobs: ("codec", "events", jobs),
    "restore a job": lambda jobs: ("codec", "restore", jobs),
    "log a finished job": lambda jobs: ("codec", "log", jobs),
}
# The difference between two numbers of jobs leaves out what a process costs without any.
FEW, MANY = 2_000, 6_000


def total(program, arguments):
    """The instructions of a whole process."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(program), *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}, timeout=600, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode or not found:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-500:]}")
    return int(found.group(1))


def per_job(binaries):
    """The instructions for a job, by part."""
    with (tempfile.TemporaryDirectory(prefix="payout-bench-") as folder,
          concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool):
        # Valgrind reads the debug information of what it runs, and gives up at that of a newer compiler.
        program = pathlib.Path(folder) / "bench"
        subprocess.run(["strip", "-o", program, binaries / "bench"], check=True)
        runs = {name: [pool.submit(total, program, part(jobs)) for jobs in (FEW, MANY)] for name, part in PARTS.items()}
        return {name: round((many.result() - few.result()) / (MANY - FEW)) for name, (few, many) in runs.items()}


def instructions(binaries, report, budgets, accepts):
    report.heading("Instructions for a job")
    if missing := [tool for tool in ("valgrind", "strip") if not shutil.which(tool)]:
        report.row("counts", f"LEFT OUT: not installed: {', '.join(missing)}")
        return
    found = per_job(binaries)
    if accepts:
        budgets.accept(found)
    for name, count in found.items():
        report.budget(f"instructions, {name}", count, budgets.instructions[name], budgets.tolerance)
    report.keep("instructions", found)
