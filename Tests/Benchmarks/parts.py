"""Single parts of the worker: restore, consumption, and the API client."""

import os
import statistics
import subprocess

from processes import Child, worker_environment
from service import Sandbox
from throughput import bare


def restore(binaries, report, count):
    engine = bare(binaries, "restore", "engine", count)
    plain = bare(binaries, "restore", "dictionary", count)
    report.heading(f"Restore of {count:,} waiting jobs (one thread, CPU)")
    for name, result in (("engine", engine), ("dictionary of structs", plain)):
        total = result["decodeCPUSeconds"] + result["applyCPUSeconds"]
        report.row(name, f"{total:.2f} s (decode {result['decodeCPUSeconds']:.2f}, apply {result['applyCPUSeconds']:.2f})")
    for name, result in (("engine", engine), ("dictionary of structs", plain)):
        report.row(f"resident memory, {name}", f"{result['residentBytesPerJob']:.0f} bytes a job")
    report.goal("memory of a job in flight", engine["residentBytesPerJob"], "bytes")
    finished = bare(binaries, "restore", "finished", count)
    report.goal("memory of a finished job", finished["residentBytesPerJob"], "bytes")
    report.row("memory, engine / dictionary", f"{engine['residentBytesPerJob'] / plain['residentBytesPerJob']:.2f}")
    batches = {size: bare(binaries, "restore", "engine", count, size)["residentBytesPerJob"] - engine["residentBytesPerJob"]
               for size in (12, 100, 1_000)}
    for size, more in batches.items():
        report.row(f"resident memory, jobs in batches of {size}", f"{more:.0f} bytes a job more")
    report.goal("memory of a job more in a batch of 12", batches[12], "bytes")
    report.keep("restore", {"jobs": count, "engine": engine, "dictionary": plain, "finished": finished, "batches": batches})


def log(binaries, report):
    line = bare(binaries, "codec", "log", 100_000)
    report.heading("The log line of a finished job, on the engine's thread")
    report.goal("log line of a finished job", line["microsecondsPerJob"], "µs")
    report.keep("log", line)


def consume(binaries, report, prefix, records, rounds):
    address, broker, topic = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), None, f"{prefix}-consume"
    if address:
        names = {f"KAFKA_TOPICS_{role}": f"{topic}-{role.lower()}" for role in ("RESULTS", "STATE", "DEAD_LETTER")}
        subprocess.run(
            [str(binaries / "payout-worker"), "topics", "create", "--partitions", "6"], check=True, timeout=60,
            env={**os.environ, **names, "KAFKA_TOPICS_JOBS": topic}, stdout=subprocess.DEVNULL)
    else:
        # The embedded broker keeps 5 MiB of a partition.
        broker = Child([binaries / "bench", "broker", max(6, records * 260 // (4 << 20))])
        address, topic = broker.read(lambda line: ":" in line)[-1], "bench"
    try:
        result = bare(binaries, "consume", address, topic, records, rounds)
    finally:
        if broker:
            broker.stop()
        else:
            subprocess.run([str(binaries / "bench"), "delete-topics", address, prefix], timeout=60)
    report.heading(f"Consumption of {records:,} records of {result['recordBytes']} bytes (median of {rounds} rounds)")
    report.row("KafkaClient's batches", f"{result['client']:,.0f} records/s, {result['clientCPU']:.2f} µs of CPU each")
    report.row("plain loop, consume_batch_queue", f"{result['plain']:,.0f} records/s, {result['plainCPU']:.2f} µs of CPU each")
    report.row("throughput, client / plain (0.8 or more)", f"{result['client'] / result['plain']:.2f}")
    report.keep("consumption", result)


def content(binaries, report, megabytes, rounds):
    result = bare(binaries, "content", megabytes, rounds)
    report.heading(f"The content of a file of {megabytes} MB (one thread, CPU, median of {rounds} rounds)")
    for name in ("quoted", "plain", "copy"):
        cost = result[f"{name}Nanoseconds"]
        report.row({"copy": "plain copy"}.get(name, f"rows of a {name} table"), f"{1 / cost:.2f} GB/s")
    report.row("CPU, reading / plain copy", f"{result['plainNanoseconds'] / result['copyNanoseconds']:.1f}")
    report.goal("reading content, CPU a byte", max(result["quotedNanoseconds"], result["plainNanoseconds"]), "ns")
    report.keep("content", result)


def client(binaries, report, jobs, rounds):
    sandbox = Sandbox(binaries / "payout-worker", ["--speed", "instant"], is_embedded=False)
    ways = {"client": [], "requests": []}
    try:
        environment = worker_environment(sandbox.settings)
        url = environment["PAYOUT_API_BASE_URL"]
        # In turns, each in a separate process, so that a slow machine affects both.
        for _ in range(rounds):
            for way, costs in ways.items():
                done = bare(binaries, way, url, jobs, 64, environment=environment)
                costs.append(done["cpuSeconds"] / done["requests"] * 1e6)
    finally:
        sandbox.stop()
    own, plain = (statistics.median(ways[way]) for way in ("client", "requests"))
    report.heading(f"The API client, {jobs * 2:,} calls (median of {rounds} rounds)")
    report.row("PayoutClient", f"{own:.1f} µs of CPU a call")
    report.row("bare async-http-client", f"{plain:.1f} µs of CPU a call")
    report.goal("CPU, client / bare requests", own / plain)
    report.keep("client", ways)
