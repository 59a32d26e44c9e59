"""The fixture of a measurement: a service, a broker, topics of its own, and the measured workers."""

import os
import pathlib
import shutil
import tempfile
import time

from peers import FastAPI
from processes import Child, free_port, worker_environment
from service import Sandbox, worker_status
from topics import Results, Sender, Topics

FAST = {
    "WORKER_POLL_MIN_INTERVAL": "100ms", "WORKER_POLL_MAX_INTERVAL": "500ms", "LOG_LEVEL": "error",
    "PAYOUT_API_REQUESTS_PER_SECOND": "1000000", "KAFKA_CLIENT_SESSION_TIMEOUT_MS": "10000"}
LIMIT = 300


class TookTooLong(Exception):
    pass


def payments(count, prefix):
    """Jobs without a filter, as small as jobs are."""
    return [(f"{prefix}-{number}", f'{{"jobId":"{prefix}-{number}","kind":"payments","fileFormat":"csv"}}')
            for number in range(count)]


class Fixture:
    """Use it with `with`: it removes everything at its end. Workers call the sandbox, or the program `api`."""

    def __init__(self, binaries, arguments=("--speed", "instant"), partitions=6, settings=None, api=None):
        self.binaries, self.children = binaries, []
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="payout-bench-"))
        self.is_real = "KAFKA_BOOTSTRAP_SERVERS" in os.environ
        self.sandbox = Sandbox(
            binaries / "payout-worker", [*arguments, "--kafka-partitions", partitions], not self.is_real,
            log=self.directory / "sandbox.log")
        self.sandbox.name = "sandbox"
        self.children.append(self.sandbox)
        self.service = FastAPI(api) if api else self.sandbox
        if api:
            self.children.append(self.service)
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or self.sandbox.settings["KAFKA_BOOTSTRAP_SERVERS"]
        self.topics = Topics(bootstrap, self.is_real, partitions, "bench")
        self.topics.create()
        urls = {"PAYOUT_API_BASE_URL": self.service.url, "PAYOUT_API_AUTHORITY": self.service.url} if api else {}
        self.settings = {**self.sandbox.settings, **urls, **self.topics.settings, **FAST, **(settings or {})}
        self.results = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.results:
            self.results.stop()
        for child in reversed(self.children):
            child.stop(40)
        self.topics.delete()
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait_for(self, what, condition, seconds=LIMIT, pause=0.02):
        """Waits for a condition; fails with the end of the log when a process ends meanwhile."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            for child in self.children:
                if not child.is_running:
                    raise RuntimeError(f"{child.name} ended with status {child.process.returncode}: {self.end_of_log(child)}")
            if time.monotonic() > end:
                raise TookTooLong(f"waited {seconds} s in vain for {what}")
            time.sleep(pause)
        return found

    def end_of_log(self, child):
        path = self.directory / f"{child.name}.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return " | ".join(lines[-3:]) or "its log is empty"

    # Measured processes

    def worker(self, **settings):
        port = free_port()
        child = self.start("worker", [self.binaries / "payout-worker", "run"],
                           {**self.settings, "HTTP_PORT": str(port), **settings})
        child.port = port
        return child

    def peer(self, command):
        """Another worker that is configured by the environment."""
        return self.start("peer", command, self.settings)

    def start(self, role, arguments, settings):
        name = f"{role}{len(self.children)}"
        child = Child(arguments, worker_environment(settings), self.directory / f"{name}.log")
        child.name = name
        child.ignore_output()
        self.children.append(child)
        return child

    def retire(self, child, by_force=False):
        child.kill() if by_force else child.stop(40)
        self.children.remove(child)

    # Work

    def enqueue(self, jobs, seconds=0):
        sender = Sender(self.topics, jobs, seconds)
        sender.start()
        return sender

    def read_results(self, reader=Results):
        self.results = reader(self.topics, keeps_bodies=False)
        self.results.start()
        return self.results

    def run(self, jobs, seconds=0):
        """Enqueues jobs and waits until there is an event for each; returns the seconds, and the sender."""
        wanted = len(self.results.events) + len(jobs)
        begin = time.monotonic()
        sender = self.enqueue(jobs, seconds)

        def done():
            if sender.problem:
                raise RuntimeError(sender.problem)
            if not self.results.is_alive():
                raise RuntimeError("the reader of the results failed, see above")
            return len(self.results.events) >= wanted
        self.wait_for(f"{len(jobs)} events", done, LIMIT + seconds)
        return time.monotonic() - begin, sender

    def waiting_jobs(self, workers):
        """The workers' waiting jobs; None while they do not own all partitions, or a worker does not answer."""
        found = self.owned(workers)
        if found is None or sum(partitions for partitions, _ in found) != self.topics.partitions:
            return None
        return sum(jobs for _, jobs in found)

    def is_spread(self, workers):
        """Whether every partition is restored, and every worker has one."""
        return self.waiting_jobs(workers) is not None and all(partitions for partitions, _ in self.owned(workers) or [(0, 0)])

    def owned(self, workers):
        """Restored partitions and waiting jobs of each worker; None while one does not answer or restores."""
        found = []
        for worker in workers:
            status = worker_status(worker.port)
            if status is None or any(entry["lifecycle"] != "active" for entry in status["partitions"]):
                return None
            found.append((len(status["partitions"]), status["jobs"].get("waiting", 0)))
        return found
