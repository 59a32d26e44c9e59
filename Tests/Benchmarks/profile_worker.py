#!/usr/bin/env python3
"""Where the processor time of the whole worker goes: a table by part, from samples of its stacks.

    python3 profile_worker.py --bin .build/release [--jobs 20000] [--functions 15]

Runs the worker as the benchmark does, and samples it with perf (Debian: linux-perf). With KAFKA_BOOTSTRAP_SERVERS set that
broker is used. Exits with 1 where perf may not sample, and says what to do.
"""

import argparse
import collections
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Processes"))

from attribution import PARTS, attribute  # noqa: E402
from fixture import Fixture, payments  # noqa: E402
from peers import Peers  # noqa: E402
from throughput import LOGS, Completed  # noqa: E402

FREQUENCY = 997
# Time in the kernel is sampled where that is permitted. Neither event needs counters of the processor, which virtual
# machines lack.
EVENTS = ("cpu-clock", "cpu-clock:u")
REMEDY = ("perf may not sample this process. Permit it with `sysctl kernel.perf_event_paranoid=2` (1 to see the kernel's time "
          "too), in a container with `--cap-add PERFMON`; or count instructions instead: `make bench ARGS='--only instructions'`.")
FRAME = re.compile(r"^\s+[0-9a-f]+ (.*) \((.*)\)$")
HEADER = re.compile(r"^(\S.*?)\s+\d+\s*$")


class Recording:
    """Samples of a process until `stop`."""

    def __init__(self, pid, event, path):
        self.path = path
        self.process = subprocess.Popen(
            ["perf", "record", "--quiet", "-e", event, "-F", str(FREQUENCY), "--call-graph", "fp", "-p", str(pid), "-o", path],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None and not (path.exists() and path.stat().st_size):
            time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def samples(self):
        """Pairs of a thread's name and its stack, the innermost function first."""
        text = subprocess.run(
            ["perf", "script", "-i", self.path, "--no-inline", "-F", "comm,tid,ip,sym,dso"], check=True, text=True,
            errors="replace", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for block in text.split("\n\n"):
            first, *lines = block.strip("\n").split("\n")
            if header := HEADER.match(first):
                yield header.group(1), [frame.groups() for frame in map(FRAME.match, lines) if frame]


def event_for(pid, folder):
    """What may be sampled here; None for nothing."""
    if shutil.which("perf"):
        for event in EVENTS:
            trial = Recording(pid, event, folder / "trial")
            if trial.process.poll() is None:
                trial.stop()
                return event
    return None


def measure(binaries, jobs, folder):
    """The samples, the worker's processor time for 1,000 jobs, and what was sampled."""
    with Fixture(binaries, settings=LOGS, api=Peers().api) as fixture:
        worker = fixture.worker()
        fixture.read_results(Completed)
        fixture.run(payments(2_000, "warm"))
        event = event_for(worker.pid, folder)
        if not event:
            sys.exit(REMEDY)
        recording, cpu = Recording(worker.pid, event, folder / "perf.data"), worker.cpu_seconds()
        fixture.run(payments(jobs, "profile"))
        cpu = worker.cpu_seconds() - cpu
        recording.stop()
        # While the program is there, whose names the samples need.
        return list(recording.samples()), cpu / jobs * 1000, event


def show(samples, cpu, event, functions):
    totals, kernel, deciding = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    for thread, stack in samples:
        part, function = attribute(thread, stack)
        totals[part] += 1
        deciding[part][function] += 1
        kernel[part] += bool(stack) and "kernel" in stack[0][1]
    print(f"{len(samples):,} samples; {cpu:.3f} s of CPU for 1,000 jobs")
    if event.endswith(":u"):
        print("The kernel's time is not in the shares: perf may not sample it here.")
    print(f"\n  {'part':<46} {'share':>6} {'s for 1,000 jobs':>17} {'in the kernel':>14}")
    for part in PARTS:
        share = totals[part] / len(samples)
        in_kernel = kernel[part] / max(1, totals[part])
        print(f"  {part:<46} {share:>6.1%} {share * cpu:>17.4f} {in_kernel:>14.0%}")
    for part in PARTS if functions else ():
        print(f"\n  {part}: these functions, with what they call outside of the parts")
        for function, count in deciding[part].most_common(functions):
            print(f"    {count / len(samples):>6.1%} {readable(function)[:170]}")


def readable(function):
    """A function's name in Swift, or what is known of it."""
    symbol, library = function
    swift = shutil.which("swift")
    if not symbol.startswith("$s") or not swift:
        return f"{pathlib.Path(library).name}: {symbol}"
    return subprocess.run([swift, "demangle", "--simplified", "--compact", symbol], stdout=subprocess.PIPE, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where payout-worker was built")
    parser.add_argument("--jobs", type=int, default=20_000, help="jobs while samples are taken")
    parser.add_argument("--functions", type=int, default=0, help="functions to list of each part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="payout-profile-") as folder:
        samples, cpu, event = measure(options.bin, options.jobs, pathlib.Path(folder))
    if not samples:
        sys.exit(REMEDY)
    show(samples, cpu, event, options.functions)


if __name__ == "__main__":
    main()
