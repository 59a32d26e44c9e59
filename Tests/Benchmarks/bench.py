#!/usr/bin/env python3
"""The benchmarks: runs the release builds as whole processes, and prints one table.

    python3 bench.py --bin .build/release [--jobs 10000] [--records 500000] [--state 1000000]

Needs nothing but Python's standard library. With KAFKA_BOOTSTRAP_SERVERS set that broker is used, its topics named
bench-… and deleted afterwards; otherwise an embedded one in a process of its own. Every figure that others are
compared with comes from the same run on the same machine. Exit status 1 when a step failed.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEP_LIMIT = 150


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where payout-worker and bench were built")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs through the whole worker")
    parser.add_argument("--records", type=int, default=500_000, help="records to consume, of 200 bytes")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of consumption")
    parser.add_argument("--state", type=int, default=1_000_000, help="state records to restore")
    return parser.parse_args()


class Table:
    """Rows as they come; what is in it stays if a later step fails."""

    def __init__(self):
        self.failed = []

    def heading(self, text):
        print(f"\n{text}", flush=True)

    def row(self, name, value):
        print(f"  {name:<48} {value}", flush=True)

    def step(self, name, body):
        try:
            body()
        except Exception as error:  # noqa: BLE001 - the other steps are worth running all the same
            self.failed.append(name)
            self.row(name, f"FAILED: {error}")


class Process:
    """A process that runs beside: its settings out of `export` lines, its CPU time and its memory."""

    def __init__(self, arguments, environment=None, log=None):
        self.log = open(log, "wb") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.log, text=True)

    def read(self, is_last):
        """Lines up to the one that `is_last` accepts; the rest is thrown away as it comes."""
        lines = []
        guard = threading.Timer(60, self.process.kill)
        guard.start()
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if is_last(lines[-1]):
                break
        guard.cancel()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        if not lines or not is_last(lines[-1]):
            raise RuntimeError("a process ended before it was ready")
        return lines

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) * 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_json(*arguments, environment=None):
    done = subprocess.run(
        [str(argument) for argument in arguments], env=environment, stdout=subprocess.PIPE, text=True,
        timeout=STEP_LIMIT, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def output(*arguments):
    try:
        return subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=30).stdout.strip()
    except OSError:
        return ""


def describe(table, binaries):
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    commit = output("git", "rev-parse", "--short", "HEAD") or "unknown"
    if output("git", "status", "--porcelain"):
        commit += ", with changes"
    swift = output(os.environ.get("SWIFT", "swift"), "--version").splitlines()
    table.heading("Machine")
    table.row("processor", f"{processor.group(1) if processor else platform.machine()}, {os.cpu_count()} cores")
    table.row("memory", f"{int(memory.group(1)) / 1024 / 1024:.0f} GiB" if memory else "unknown")
    table.row("system", f"{platform.system()} {platform.release()}")
    table.row("Swift", next((line for line in swift if "Swift version" in line), "unknown"))
    table.row("librdkafka", run_json(binaries / "bench", "versions")["librdkafka"])
    table.row("commit", commit)
    table.row("load before", " ".join(f"{value:.1f}" for value in os.getloadavg()))
    table.row("broker", os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "embedded, in a process of its own"))


def restore(table, binaries, count):
    engine = run_json(binaries / "bench", "restore", "engine", count)
    plain = run_json(binaries / "bench", "restore", "dictionary", count)
    table.heading(f"Restore of {count:,} waiting jobs (one thread, CPU)")
    for name, result in (("engine", engine), ("dictionary of structs", plain)):
        total = result["decodeCPUSeconds"] + result["applyCPUSeconds"]
        table.row(name, f"{total:.2f} s (decode {result['decodeCPUSeconds']:.2f}, apply {result['applyCPUSeconds']:.2f})")
    for name, result in (("engine", engine), ("dictionary of structs", plain)):
        table.row(f"resident memory, {name}", f"{result['residentBytesPerJob']:.0f} bytes a job")
    table.row("memory, engine / dictionary", f"{engine['residentBytesPerJob'] / plain['residentBytesPerJob']:.2f}")


def consume(table, binaries, names, records, rounds):
    address = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    broker = None
    topic = names["KAFKA_TOPICS_JOBS"] + "-consume"
    if address:
        create_topics(binaries, dict(names, KAFKA_TOPICS_JOBS=topic, KAFKA_TOPICS_STATE=topic + "-state"))
    else:
        # The embedded broker keeps 5 MiB of a partition.
        broker = Process([binaries / "bench", "broker", max(6, records * 260 // (4 << 20))])
        address, topic = broker.read(lambda line: ":" in line)[-1], "bench"
    try:
        result = run_json(binaries / "bench", "consume", address, topic, records, rounds)
    finally:
        if broker:
            broker.stop()
    table.heading(f"Consumption of {records:,} records of {result['recordBytes']} bytes (median of {rounds} rounds)")
    table.row("KafkaClient's batches", f"{result['client']:,.0f} records/s, {result['clientCPU']:.2f} µs of CPU each")
    table.row("plain loop, consume_batch_queue", f"{result['plain']:,.0f} records/s, {result['plainCPU']:.2f} µs of CPU each")
    table.row("throughput, client / plain (0.8 or more)", f"{result['client'] / result['plain']:.2f}")


def create_topics(binaries, names):
    subprocess.run(
        [str(binaries / "payout-worker"), "topics", "create", "--partitions", "6"], env=surroundings(names),
        check=True, timeout=60, stdout=subprocess.DEVNULL)


def surroundings(settings):
    """This environment without a worker's settings, but for the broker, and with these."""
    ours = ("WORKER_", "PAYOUT_", "FILES_", "HTTP_", "LOG_", "KAFKA_GROUP", "KAFKA_TOPICS")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **settings}


def enqueue(binaries, environment, count, prefix):
    """Enqueues jobs and waits for their events; returns how long that took."""
    begin = time.monotonic()
    subprocess.run(
        [str(binaries / "payout-worker"), "enqueue", "--kind", "payments", "--format", "csv", "--count", str(count),
         "--prefix", prefix, "--wait", "--quiet", "--timeout", f"{STEP_LIMIT}s"],
        env=environment, check=True, timeout=STEP_LIMIT + 30, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin


def requests_answered(url):
    """API calls that the sandbox has answered, tokens left aside."""
    with urllib.request.urlopen(url + "/_sandbox/stats", timeout=10) as answer:
        answers = json.load(answer)["answers"]
    return sum(sum(answers.get(call, {}).values()) for call in ("create", "get"))


def worker(table, binaries, names, jobs):
    arguments = [binaries / "payout-worker", "sandbox", "--speed", "instant"]
    is_real = "KAFKA_BOOTSTRAP_SERVERS" in os.environ
    if is_real:
        create_topics(binaries, names)
    sandbox = Process(arguments + (["--no-kafka"] if is_real else []), surroundings(names))
    running = None
    try:
        exports = [line for line in sandbox.read(lambda line: "PAYOUT_API_BLOB_HOSTS" in line) if line.startswith("export ")]
        printed = dict(line[len("export "):].split("=", 1) for line in exports)
        settings = {**names, **{name: value.strip("'") for name, value in printed.items()}}
        environment = surroundings({
            **settings, "WORKER_POLL_MIN_INTERVAL": "100ms", "WORKER_POLL_MAX_INTERVAL": "500ms", "HTTP_PORT": "0",
            "PAYOUT_API_REQUESTS_PER_SECOND": "1000000", "LOG_LEVEL": "error"})
        running = Process([binaries / "payout-worker", "run"], environment)
        # The first jobs pay for joining the group, connections and the token.
        enqueue(binaries, environment, 200, "warm")
        url = settings["PAYOUT_API_BASE_URL"]
        calls, cpu = requests_answered(url), running.cpu_seconds()
        seconds = enqueue(binaries, environment, jobs, "bench")
        cpu, calls = running.cpu_seconds() - cpu, requests_answered(url) - calls
        resident = running.resident_bytes()
        running.stop()
        running = None
        bare = run_json(binaries / "bench", "requests", url, jobs, 64, environment=environment)
        show_worker(table, jobs, seconds, cpu, calls, resident, bare)
    finally:
        if running:
            running.stop()
        sandbox.stop()


def show_worker(table, jobs, seconds, cpu, calls, resident, bare):
    table.heading(f"The whole worker, {jobs:,} jobs (enqueued and waited for by another process)")
    table.row("jobs", f"{jobs / seconds:,.0f} jobs/s, {seconds:.1f} s")
    table.row("worker's CPU", f"{cpu / jobs * 1000:.2f} s for 1,000 jobs, {calls / jobs:.2f} API calls a job")
    table.row("bare HTTP requests, 2 a job", f"{bare['requests'] / bare['seconds']:,.0f} requests/s")
    table.row("bare HTTP requests' CPU", f"{bare['cpuSeconds'] / jobs * 1000:.2f} s for 1,000 jobs")
    table.row("CPU, worker / bare requests", f"{cpu / bare['cpuSeconds']:.2f}")
    table.row("worker's resident memory afterwards", f"{resident / 1024 / 1024:.0f} MiB")


def main():
    options = parse_arguments()
    begin = time.monotonic()
    table = Table()
    prefix = f"bench-{int(time.time())}-{os.getpid()}"
    roles = ("JOBS", "RESULTS", "STATE", "DEAD_LETTER")
    names = {f"KAFKA_TOPICS_{role}": f"{prefix}-{role.lower()}" for role in roles} | {"KAFKA_GROUP_ID": prefix}
    describe(table, options.bin)
    try:
        table.step("restore", lambda: restore(table, options.bin, options.state))
        table.step("consumption", lambda: consume(table, options.bin, names, options.records, options.rounds))
        table.step("the whole worker", lambda: worker(table, options.bin, names, options.jobs))
    finally:
        if "KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            subprocess.run(
                [str(options.bin / "bench"), "delete-topics", os.environ["KAFKA_BOOTSTRAP_SERVERS"], prefix], timeout=60)
    table.heading(f"Took {time.monotonic() - begin:.0f} s; load after {os.getloadavg()[0]:.1f}")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
