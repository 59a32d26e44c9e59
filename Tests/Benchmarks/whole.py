"""The whole worker, compared with its parts and its peer: throughput, CPU time, memory, calls; and several workers."""

import json
import statistics
import subprocess

from fixture import Fixture, payments

CONNECTIONS = 64


def bare(binaries, *arguments, environment=None):
    """A measurement that `bench` makes in a separate process."""
    done = subprocess.run([str(argument) for argument in (binaries / "bench", *arguments)], env=environment, text=True,
                          stdout=subprocess.PIPE, timeout=300, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


class Rounds:
    """Several rounds of the same jobs through one process."""

    def __init__(self, fixture, start):
        self.fixture, self.process = fixture, start()
        self.cpu, self.rates, self.calls = [], [], []
        fixture.read_results()
        # The first jobs include joining the group, connections and the token.
        fixture.run(payments(200, "warm"))

    def round(self, number, count):
        calls, cpu = self.fixture.sandbox.answered(), self.process.cpu_seconds()
        seconds, _ = self.fixture.run(payments(count, f"round{number}"))
        self.cpu.append((self.process.cpu_seconds() - cpu) / count * 1000)
        self.calls.append((self.fixture.sandbox.answered() - calls) / count)
        self.rates.append(count / seconds)

    def result(self):
        return {"jobsPerSecond": statistics.median(self.rates), "cpuPer1000": statistics.median(self.cpu),
                "callsPerJob": statistics.median(self.calls), "residentMiB": self.process.resident_bytes() / 2**20,
                "peakMiB": self.process.peak_bytes() / 2**20}


def throughput(binaries, report, jobs, rounds):
    """Worker, peer, bare requests and bare records take turns, so that a slow machine affects all of them."""
    with Fixture(binaries) as fixture, Fixture(binaries) as peer_fixture:
        worker, peer = Rounds(fixture, fixture.worker), Rounds(peer_fixture, peer_fixture.peer)
        requests, records = [], []
        for number in range(rounds):
            worker.round(number, jobs)
            environment = {**fixture.settings}
            found = bare(binaries, "requests", fixture.sandbox.url, jobs, CONNECTIONS, environment=environment)
            requests.append(found["cpuSeconds"] / jobs * 1000)
            peer.round(number, jobs)
            records.append(bare_records(binaries, fixture, jobs, number))
        results = {"jobs": jobs, "rounds": rounds, "worker": worker.result(), "peer": peer.result(),
                   "bareRequests": statistics.median(requests), "bareRecords": statistics.median(records)}
    show(report, results)


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


def show(report, results):
    worker, peer = results["worker"], results["peer"]
    report.heading(f"The whole worker, {results['jobs']:,} jobs, median of {results['rounds']} rounds, the service answering at once")
    report.row("jobs", f"{worker['jobsPerSecond']:,.0f} jobs/s")
    report.row("CPU for 1,000 jobs", f"{worker['cpuPer1000']:.3f} s")
    report.row("API requests a job", f"{worker['callsPerJob']:.2f}")
    report.row("resident memory, now / at most", f"{worker['residentMiB']:.0f} / {worker['peakMiB']:.0f} MiB")
    report.row("bare HTTP requests, CPU for 1,000 jobs", f"{results['bareRequests']:.3f} s")
    report.row("bare Kafka records, CPU for 1,000 jobs", f"{results['bareRecords']:.3f} s")
    report.row("Python peer: jobs", f"{peer['jobsPerSecond']:,.0f} jobs/s")
    report.row("Python peer: CPU for 1,000 jobs", f"{peer['cpuPer1000']:.3f} s, {peer['callsPerJob']:.2f} API requests a job")
    report.row("Python peer: resident memory", f"{peer['residentMiB']:.0f} MiB")
    cpu = worker["cpuPer1000"]
    report.goal("CPU, worker / bare requests", cpu / results["bareRequests"], 1.5)
    report.row("CPU, worker / bare requests and records", f"{cpu / (results['bareRequests'] + results['bareRecords']):.2f}")
    report.goal("CPU, worker / Python peer", cpu / peer["cpuPer1000"], 0.45)
    report.goal("CPU for 1,000 jobs beside a Go worker's 0.19 to 0.27 s", cpu, 0.27, "s")
    report.keep("throughput", results)


def sustained(binaries, report, rate, seconds):
    """A steady stream through one worker: its throughput, and the time of a job."""
    with Fixture(binaries) as fixture:
        worker = fixture.worker()
        results = fixture.read_results()
        fixture.run(payments(200, "warm"))
        cpu = worker.cpu_seconds()
        took, sender = fixture.run(payments(rate * seconds, "steady"), seconds)
        cpu = worker.cpu_seconds() - cpu
        times = sorted(results.events[name][0][2] - stored for name, (_, stored) in sender.stored.items())
    found = {"offered": rate, "seconds": seconds, "achieved": rate * seconds / took,
             "cpuShare": cpu / took, "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}
    report.heading(f"{rate:,} jobs a second for {seconds} s through one worker")
    report.row("jobs", f"{found['achieved']:,.0f} jobs/s, the last event {took - seconds:.2f} s after the last job")
    report.row("worker's CPU", f"{found['cpuShare'] * 100:.0f} % of a core")
    report.row("from the job's record to its event", f"p50 {found['p50'] * 1000:.0f} ms, p99 {found['p99'] * 1000:.0f} ms")
    report.goal("seconds behind at the end", took - seconds, 1.0, "s")
    report.keep("sustained", found)


def workers(binaries, report, jobs, counts, partitions=12):
    """The same jobs through one, two and four processes."""
    report.heading(f"{jobs:,} jobs through several workers, {partitions} partitions")
    found = []
    for count in counts:
        with Fixture(binaries, partitions=partitions) as fixture:
            fleet = [fixture.worker() for _ in range(count)]
            fixture.read_results()
            fixture.run(payments(200, "warm"))
            fixture.wait_for("every worker to own partitions", lambda: fixture.is_spread(fleet), pause=0.2)
            fixture.run(payments(500, "spread"))
            cpu = sum(worker.cpu_seconds() for worker in fleet)
            seconds, _ = fixture.run(payments(jobs, "bench"))
            cpu = sum(worker.cpu_seconds() for worker in fleet) - cpu
        found.append({"workers": count, "jobsPerSecond": jobs / seconds, "cpuPer1000": cpu / jobs * 1000})
        report.row(f"{count} worker{'s' if count > 1 else ''}",
                   f"{jobs / seconds:,.0f} jobs/s, {cpu / jobs * 1000:.3f} s of CPU for 1,000 jobs, all workers")
    report.keep("workers", found)
