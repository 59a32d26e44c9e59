"""The whole worker beside the peers and its own parts: throughput, CPU time, memory and calls."""

import contextlib
import json
import statistics
import subprocess

from fixture import Fixture, payments
from topics import Results

CONNECTIONS = 64
# As a worker runs: with a log line for each job.
LOGS = {"LOG_LEVEL": "info"}


def bare(binaries, *arguments, environment=None):
    """A measurement that `bench` makes in a separate process."""
    done = subprocess.run([str(argument) for argument in (binaries / "bench", *arguments)], env=environment, text=True,
                          stdout=subprocess.PIPE, timeout=300, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


class Completed(Results):
    """Counts completed jobs without decoding their events, because it shares the machine with what is measured."""

    def receive(self, message, now):
        if b"completed" not in message.value():
            raise RuntimeError(f"a job did not complete: {message.value()[:500]}")
        self.events[message.key()].append(now)


class Rounds:
    """Several rounds of the same jobs through one process."""

    def __init__(self, fixture, start):
        self.fixture, self.process = fixture, start(fixture)
        self.cpu, self.rates, self.calls = [], [], []
        fixture.read_results(Completed)
        # The first jobs include joining the group, connections and the token.
        fixture.run(payments(200, "warm"))

    def round(self, number, count):
        calls, cpu = self.fixture.service.answered(), self.process.cpu_seconds()
        seconds, _ = self.fixture.run(payments(count, f"round{number}"))
        self.cpu.append((self.process.cpu_seconds() - cpu) / count * 1000)
        self.calls.append((self.fixture.service.answered() - calls) / count)
        self.rates.append(count / seconds)

    def result(self):
        return {"jobsPerSecond": statistics.median(self.rates), "cpuPer1000": statistics.median(self.cpu),
                "callsPerJob": statistics.median(self.calls), "residentMiB": self.process.resident_bytes() / 2**20,
                "peakMiB": self.process.peak_bytes() / 2**20}


def throughput(binaries, report, peers, jobs, rounds):
    """Workers, bare requests and bare records take turns, so that a slow machine affects all of them."""
    ways = {"worker": Fixture.worker}
    ways.update((name, lambda fixture, command=command: fixture.peer(command)) for name, command in peers.commands().items())
    with contextlib.ExitStack() as stack:
        runs = {name: Rounds(stack.enter_context(Fixture(binaries, settings=LOGS, api=peers.api)), start)
                for name, start in ways.items()}
        fixture = runs["worker"].fixture
        requests, records = [], []
        for number in range(rounds):
            for name, run in runs.items():
                run.round(number, jobs)
                if name == "worker":
                    found = bare(binaries, "requests", fixture.service.url, jobs, CONNECTIONS, environment=fixture.settings)
                    requests.append(found["cpuSeconds"] / jobs * 1000)
            records.append(bare_records(binaries, fixture, jobs, number))
        found = {name: run.result() for name, run in runs.items()}
    results = {"jobs": jobs, "rounds": rounds, "worker": found.pop("worker"), "peers": found,
               "bareRequests": statistics.median(requests), "bareRecords": statistics.median(records)}
    show(report, peers, results)


def bare_records(binaries, fixture, jobs, number):
    if fixture.is_real:
        prefix = f"{fixture.topics.prefix}-bare{number}"
        names = {f"KAFKA_TOPICS_{role}": f"{prefix}-{role.lower().replace('_', '-')}"
                 for role in ("JOBS", "RESULTS", "STATE", "DEAD_LETTER")}
        subprocess.run([str(binaries / "payout-worker"), "topics", "create", "--partitions", str(fixture.topics.partitions)],
                       env={**fixture.settings, **names}, check=True, timeout=60, stdout=subprocess.DEVNULL)
    else:
        prefix = f"bare{number}"
    try:
        found = bare(binaries, "records", fixture.topics.bootstrap, prefix, jobs)
    finally:
        if fixture.is_real:
            subprocess.run([str(binaries / "bench"), "delete-topics", fixture.topics.bootstrap, prefix], timeout=60)
    return found["cpuSeconds"] / jobs * 1000


def show(report, peers, results):
    worker = results["worker"]
    report.heading(f"The whole worker, {results['jobs']:,} jobs, median of {results['rounds']} rounds, the service answering at once")
    for name, found in {"worker": worker, **results["peers"]}.items():
        report.row(name, f"{found['jobsPerSecond']:,.0f} jobs/s, {found['cpuPer1000']:.3f} s of CPU for 1,000 jobs, "
                         f"{found['peakMiB']:.0f} MiB at most, {found['callsPerJob']:.2f} API requests a job")
    report.row("bare HTTP requests, CPU for 1,000 jobs", f"{results['bareRequests']:.3f} s")
    report.row("bare Kafka records, CPU for 1,000 jobs", f"{results['bareRecords']:.3f} s")
    cpu = worker["cpuPer1000"]
    report.goal("CPU, worker / bare requests", cpu / results["bareRequests"])
    report.row("CPU, worker / bare requests and records", f"{cpu / (results['bareRequests'] + results['bareRecords']):.2f}")
    for name, peer in results["peers"].items():
        report.goal(f"CPU, worker / {name}", cpu / peer["cpuPer1000"])
        report.goal(f"time for the same jobs, worker / {name}", peer["jobsPerSecond"] / worker["jobsPerSecond"])
        report.row(f"peak memory, worker / {name}", f"{worker['peakMiB'] / peer['peakMiB']:.2f}")
    if peers.missing:
        report.row("Go worker, fast service", f"LEFT OUT: {peers.missing}; the sandbox serves the calls")
    report.keep("throughput", results)
