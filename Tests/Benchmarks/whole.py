"""The whole worker under a steady stream, and several workers."""

from fixture import Fixture, payments


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
    report.goal("seconds behind at the end", took - seconds, "s")
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
