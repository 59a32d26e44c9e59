#!/usr/bin/env python3
"""The benchmarks: the release builds as whole processes, a table, and a report folder.

    python3 bench.py --bin .build/release [--only whole,latency] [--report report]

Needs confluent-kafka and aiohttp, for the harness and for the Python worker that is measured beside ours. The Go worker
is measured too where golang-go and golang-github-confluentinc-confluent-kafka-go-dev are installed, and instructions where
valgrind is. With KAFKA_BOOTSTRAP_SERVERS set that broker is used, with topics named bench-… that are deleted afterwards;
otherwise embedded ones in processes of their own. Figures that are compared come from one run on one machine, taking turns.
Exit status 1 when a step failed; a missed goal or budget (budgets.json) is printed, and is a failure only with --strict.
"""

import argparse
import datetime
import os
import pathlib
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Processes"))

import console  # noqa: E402
import inflight  # noqa: E402
import instructions  # noqa: E402
import latency  # noqa: E402
import machine  # noqa: E402
import parts  # noqa: E402
import scale  # noqa: E402
import throughput  # noqa: E402
import whole  # noqa: E402
from budgets import Budgets  # noqa: E402
from peers import Peers  # noqa: E402
from report import Report  # noqa: E402

STEPS = ("instructions", "scale", "restore", "consumption", "content", "client", "whole", "sustained", "latency", "workers", "inflight", "console")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where payout-worker and bench were built")
    parser.add_argument("--only", default=",".join(STEPS), help=f"steps, of {','.join(STEPS)}")
    parser.add_argument("--report", type=pathlib.Path, default=machine.ROOT / "report", help="folder for the results")
    parser.add_argument("--strict", action="store_true", help="fail when a goal or a budget is missed")
    parser.add_argument("--accept", action="store_true", help="write the counted instructions into budgets.json")
    parser.add_argument("--jobs", type=int, default=20_000, help="jobs of a round through the whole worker")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of what takes turns")
    parser.add_argument("--records", type=int, default=500_000, help="records to consume, of 200 bytes")
    parser.add_argument("--state", type=int, default=1_000_000, help="state records to restore")
    parser.add_argument("--rate", type=int, default=1_000, help="jobs a second of the steady stream")
    parser.add_argument("--scale", default="10000,100000,1000000", help="numbers of jobs in flight, for the slopes")
    parser.add_argument("--waiting", default="1000,10000,100000", help="numbers of jobs that wait, submitted one by one")
    parser.add_argument("--million", type=int, default=1_000_000, help="jobs that wait and are restored; a real broker only")
    parser.add_argument("--listed", type=int, default=1_000_000, help="jobs that the console lists during the flood")
    options = parser.parse_args()
    options.only = options.only.split(",")
    for name in ("scale", "waiting"):
        setattr(options, name, [int(number) for number in getattr(options, name).split(",") if number])
    if unknown := set(options.only) - set(STEPS):
        parser.error(f"--only: no step is called {', '.join(sorted(unknown))}")
    return options


def main():
    options = parse_arguments()
    begin, binaries = time.monotonic(), options.bin
    budgets, peers = Budgets(), Peers()
    report = Report(options.report, budgets.goals)
    report.heading("Machine")
    facts = machine.describe(throughput.bare(binaries, "versions")["librdkafka"])
    for name, fact in facts.items():
        report.row(name, fact)
    report.keep("machine", {**facts, "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")})
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    bodies = {
        "instructions": lambda: (instructions.instructions(binaries, report, budgets, options.accept), parts.log(binaries, report)),
        "scale": lambda: scale.scale(binaries, report, options.scale),
        "restore": lambda: parts.restore(binaries, report, options.state),
        "consumption": lambda: parts.consume(binaries, report, prefix, options.records, options.rounds),
        "content": lambda: parts.content(binaries, report, 256, options.rounds),
        "client": lambda: parts.client(binaries, report, options.jobs, options.rounds),
        "whole": lambda: throughput.throughput(binaries, report, peers, options.jobs, options.rounds),
        "sustained": lambda: whole.sustained(binaries, report, options.rate, 20),
        "latency": lambda: latency.latency(binaries, report, options.rate, 20),
        "workers": lambda: whole.workers(binaries, report, options.jobs, (1, 2, 4)),
        "inflight": lambda: inflight.in_flight(binaries, report, peers, options.waiting, options.million),
        "console": lambda: console.console(binaries, report, options.listed),
    }
    for name in STEPS:
        if name in options.only:
            report.step(name, bodies[name])
    report.heading(f"Took {time.monotonic() - begin:.0f} s; load after {os.getloadavg()[0]:.1f}")
    if report.missed:
        report.say(f"Goals missed: {'; '.join(report.missed)}")
    report.write()
    print(f"Report in {options.report}")
    return 1 if report.failed or options.strict and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
