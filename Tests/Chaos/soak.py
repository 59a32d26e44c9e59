#!/usr/bin/env python3
"""The soak test: steady load for minutes or hours, workers that are replaced in turn, samples of memory and handles.

One worker, the elder, runs from the start to the end; the others are stopped (SIGTERM) and started again in turn. Every
job must end once, and the elder's memory, open files and threads must not grow after the warm-up: the suite compares
their medians over the last quarter with those over the quarter after the warm-up. It exits with status 1 if a guarantee
is broken or a median grows. Without KAFKA_BOOTSTRAP_SERVERS it uses the embedded broker.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "Processes"), str(TESTS / "Benchmarks")]

import machine  # noqa: E402
from fleet import Fleet  # noqa: E402
from plot import Panel, sheet  # noqa: E402
from service import Sandbox  # noqa: E402
from topics import Results, Sender, Topics  # noqa: E402

WARM_UP = 0.4
# The allowed growth after the warm-up: sizes of allocators and caches vary.
MEMORY_GROWTH, MEMORY_SLACK = 0.08, 6 * 2**20
HANDLES_SLACK, THREADS_SLACK = 4, 3


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the payout-worker executable")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50, help="jobs a second")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--restart-every", type=float, default=45, help="seconds between two replacements")
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--report", type=pathlib.Path, default=machine.ROOT / "report", help="folder for the results")
    return parser.parse_args()


def jobs_for(options):
    count = int(options.minutes * 60 * options.rate)
    return [(f"soak-{number}", json.dumps({
        "jobId": f"soak-{number}", "kind": "payments", "filter": f"enrollmentParticipantId eq '{number}'"}))
        for number in range(count)]


class Soak:
    def __init__(self, options):
        self.options = options
        address = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="payout-soak-"))
        self.sandbox = Sandbox(options.binary, ["--speed", "demo", "--kafka-partitions", options.partitions], not address,
                               log=self.directory / "sandbox.log")
        self.topics = Topics(address or self.sandbox.settings["KAFKA_BOOTSTRAP_SERVERS"], bool(address),
                             options.partitions, "soak")
        self.topics.create()
        settings = {
            **self.sandbox.settings, **self.topics.settings, "KAFKA_CLIENT_SESSION_TIMEOUT_MS": "8000",
            "WORKER_POLL_MIN_INTERVAL": "1s", "WORKER_POLL_MAX_INTERVAL": "5s",
            # Short, so that finished jobs expire within the warm-up.
            "WORKER_DEDUPLICATION_WINDOW": "20s", "PAYOUT_API_REQUESTS_PER_SECOND": "10000", "LOG_LEVEL": "notice"}
        self.fleet = Fleet(options.binary, settings, self.directory, 0)
        self.samples = collections.defaultdict(list)
        self.results = Results(self.topics, keeps_bodies=False)

    def run(self):
        options = self.options
        self.results.start()
        try:
            self.fleet.start_all(options.workers, named=options.workers)
            elder = self.fleet.workers["w1"]
            sender = Sender(self.topics, jobs_for(options), options.minutes * 60)
            begin, last_restart = time.time(), time.time()
            sender.start()
            while not sender.done.is_set():
                time.sleep(1)
                self.fleet.check_alive()
                if not elder.is_running:
                    raise SystemExit(f"the elder worker has ended unexpectedly; logs in {self.directory}")
                self.sample(elder, begin)
                if time.time() - last_restart > options.restart_every and options.workers > 1:
                    last_restart = time.time()
                    self.replace_one()
            self.wait_for_the_rest(sender, len(sender.jobs))
            cpu = elder.cpu_seconds()
            self.fleet.stop()
        except BaseException:
            self.fleet.abandon()
            raise
        self.results.stop()
        return sender, cpu

    def sample(self, elder, begin):
        self.samples["elder"].append(
            (time.time() - begin, elder.resident_bytes(), elder.handles(), elder.threads(), self.results.count))

    def replace_one(self):
        """Stops the oldest worker except the elder gracefully, and starts a successor with its name."""
        with self.fleet.lock:
            others = [worker for name, worker in self.fleet.workers.items() if name != "w1"]
            worker = min(others, key=lambda worker: worker.born)
            del self.fleet.workers[worker.name]
        self.fleet.history.append((time.time(), "stop", worker.name, None))
        self.fleet.replace(worker)

    def wait_for_the_rest(self, sender, count):
        if sender.problem:
            raise SystemExit(sender.problem)
        end = time.time() + 120
        while len(self.results.events) < count and time.time() < end:
            time.sleep(0.2)
        time.sleep(5)

    def close(self):
        self.sandbox.stop()
        self.topics.delete()


def growth(samples, column):
    """The medians over the quarter after the warm-up and over the last quarter."""
    seconds = samples[-1][0]
    early = [sample[column] for sample in samples if WARM_UP * seconds <= sample[0] < (WARM_UP + 0.25) * seconds]
    late = [sample[column] for sample in samples if sample[0] >= 0.75 * seconds]
    return statistics.median(early), statistics.median(late)


def evaluate(soak, sender):
    """The table's rows and the findings."""
    samples, events = soak.samples["elder"], soak.results.events
    missing = [name for name, _ in sender.jobs if name not in events]
    repeated = [name for name, seen in events.items() if len(seen) > 1]
    wrong = [name for name, seen in events.items() if seen[0][1]["status"] != "completed"]
    found = [f"{name}: {len(jobs)}, such as {', '.join(jobs[:5])}"
             for name, jobs in (("missing", missing), ("repeated", repeated), ("not completed", wrong)) if jobs]
    found += soak.fleet.failures
    rows = [("jobs / missing / repeated / not completed",
             f"{len(sender.jobs)} / {len(missing)} / {len(repeated)} / {len(wrong)}"),
            ("workers replaced", sum(kind == "stop" for _, kind, *_ in soak.fleet.history))]
    slack = {"resident memory": None, "open files": HANDLES_SLACK, "threads": THREADS_SLACK}
    for column, (name, allowed) in enumerate(slack.items(), 1):
        before, after = growth(samples, column)
        allowed = max(MEMORY_SLACK, before * MEMORY_GROWTH) if allowed is None else allowed
        scale, unit = (2**20, " MiB") if column == 1 else (1, "")
        trend = "flat" if after - before <= allowed else "GROWS"
        rows.append((f"elder's {name}, after warm-up / at the end",
                     f"{before / scale:.1f} / {after / scale:.1f}{unit}: {trend} (up to {allowed / scale:.1f}{unit} more)"))
        if trend != "flat":
            found.append(f"{name} grows: {before / scale:.1f} to {after / scale:.1f}{unit}")
    return rows, found


def write(soak, rows, options):
    """The samples as JSON, and a plot."""
    samples = soak.samples["elder"]
    options.report.mkdir(parents=True, exist_ok=True)
    facts = machine.describe()
    document = {"machine": facts, "minutes": options.minutes, "rate": options.rate, "rows": dict(rows),
                "columns": ["seconds", "residentBytes", "openFiles", "threads", "events"], "samples": samples}
    (options.report / "soak.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
    panels = []
    for column, title, unit, scale in ((1, "Resident memory of the elder", "MiB", 2**20), (2, "Open files", "files", 1),
                                       (3, "Threads", "threads", 1), (4, "Events", "events", 1)):
        panel = Panel(title, unit, max(sample[column] for sample in samples) / scale)
        panel.line([(sample[0], sample[column] / scale) for sample in samples], "#2563eb", samples[-1][0])
        panel.upright(WARM_UP, "warm-up")
        panel.below(f"over {samples[-1][0]:.0f} seconds")
        panels.append(panel)
    (options.report / "soak.svg").write_text(sheet(panels, f"{facts['processor']} · {facts['commit']}"), encoding="utf-8")


def main():
    options = parse_arguments()
    soak = Soak(options)
    try:
        sender, cpu = soak.run()
    finally:
        soak.close()
    rows, found = evaluate(soak, sender)
    rows.append(("elder's CPU", f"{cpu / (options.minutes * 60) * 100:.1f} % of a core at {options.rate:g} jobs a second"))
    for name, value in rows:
        print(f"{name:56} {value}")
    write(soak, rows, options)
    print(f"report in {options.report}")
    for problem in found:
        print(problem)
    if found:
        print(f"FAILED; logs in {soak.directory}")
        return 1
    shutil.rmtree(soak.directory, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
