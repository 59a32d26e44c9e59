"""The cost of jobs that only wait: memory, CPU between polls, and the times of a restore and a takeover."""

import os
import time

from fixture import Fixture, payments
from throughput import bare

# Longer than the worker takes to return the memory of a burst.
IDLE_SECONDS = 20
# No poll is due during the measurement.
WAITING = {"WORKER_POLL_MIN_INTERVAL": "1000h", "WORKER_POLL_MAX_INTERVAL": "1000h"}
LONG_EXPORTS = ("--export-time", "12h")
SESSION_SECONDS = 10


def idle_share(process):
    """The process's share of a core while no poll is due."""
    time.sleep(3)
    cpu, begin = process.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (process.cpu_seconds() - cpu) / (time.monotonic() - begin)


def started(fixture, count, **settings):
    """Starts a worker; returns it and the seconds until it has restored `count` jobs."""
    begin = time.monotonic()
    process = fixture.worker(**settings)
    fixture.wait_for(f"{count:,} restored jobs", lambda: fixture.waiting_jobs([process]) == count, pause=0.05)
    return process, time.monotonic() - begin


def restored_memory(process):
    """The highest memory since its start, and what remains once the restore's own is returned."""
    time.sleep(IDLE_SECONDS)
    return {"restorePeakMiB": process.peak_bytes() / 2**20, "residentRestoredMiB": process.resident_bytes() / 2**20}


def live(binaries, report, count, commands):
    """Jobs that arrive one by one, are submitted, and wait."""
    with Fixture(binaries, LONG_EXPORTS, partitions=64 if count > 20_000 else 6, settings=WAITING) as fixture:
        worker = fixture.worker()
        fixture.enqueue(payments(count, "wait"))
        fixture.wait_for(f"{count:,} exports", lambda: fixture.waiting_jobs([worker]) == count, pause=0.2)
        found = {"jobs": count, "idleCPU": idle_share(worker), "residentMiB": worker.resident_bytes() / 2**20}
        fixture.retire(worker)
        worker, found["restartSeconds"] = started(fixture, count)
        found |= restored_memory(worker)
    found["peerMiB"] = {name: peer_memory(binaries, count, command) for name, command in commands.items()}
    row(report, found)
    return found


def peer_memory(binaries, count, command):
    with Fixture(binaries, LONG_EXPORTS, partitions=6, settings=WAITING) as fixture:
        peer = fixture.peer(command)
        fixture.enqueue(payments(count, "wait"))
        fixture.wait_for(f"{count:,} exports", lambda: fixture.sandbox.stats()["exportsCreated"] >= count, pause=0.2)
        time.sleep(2)
        return peer.resident_bytes() / 2**20


def restored(binaries, report, count):
    """Jobs of an earlier worker; then the worker that waits for them is killed, and another takes over."""
    with Fixture(binaries, LONG_EXPORTS, settings=WAITING) as fixture:
        names = fixture.topics.names
        bare(binaries, "fill", fixture.topics.bootstrap, names["jobs"], names["state"], count, fixture.topics.partitions)
        worker, seconds = started(fixture, count)
        found = {"jobs": count, "restartSeconds": seconds, "restoreCPUSeconds": worker.cpu_seconds(),
                 "idleCPU": idle_share(worker), "residentMiB": worker.resident_bytes() / 2**20}
        fixture.retire(worker, by_force=True)
        worker, found["takeOverSeconds"] = started(fixture, count)
        found |= restored_memory(worker)
    row(report, found)
    report.goal("take-over, seconds beyond the session time-out", found["takeOverSeconds"] - SESSION_SECONDS, "s")
    return found


def row(report, found):
    text = (f"{found['residentMiB']:.0f} MiB, idle {found['idleCPU'] * 100:.1f} % of a core, "
            f"restart {found['restartSeconds']:.1f} s with {found['restorePeakMiB']:.0f} MiB at most")
    if "takeOverSeconds" in found:
        text += f", take-over after kill -9 {found['takeOverSeconds']:.1f} s"
    text += "".join(f"; {name} {mebibytes:.0f} MiB" for name, mebibytes in found.get("peerMiB", {}).items())
    report.row(f"{found['jobs']:,} jobs", text)


def peak(report, found):
    report.goal("highest memory of a restore / memory after it", found["restorePeakMiB"] / found["residentRestoredMiB"])


def in_flight(binaries, report, peers, sizes, million):
    report.heading("Jobs that wait for their exports, in one worker")
    found = [live(binaries, report, count, peers.commands() if count >= 10_000 else {}) for count in sizes]
    for entry in found:
        if entry["jobs"] == 100_000:
            report.goal("memory with 100,000 jobs waiting", entry["residentMiB"], "MiB")
            peak(report, entry)
    if million and "KAFKA_BOOTSTRAP_SERVERS" in os.environ:
        found.append(restored(binaries, report, million))
        if million == 1_000_000:
            report.goal("memory with a million jobs waiting", found[-1]["residentMiB"], "MiB")
            peak(report, found[-1])
        report.goal("idle CPU between polls, share of a core", found[-1]["idleCPU"])
    elif million:
        report.row(f"{million:,} jobs", "skipped: the embedded broker keeps 5 MiB of a partition; set KAFKA_BOOTSTRAP_SERVERS")
    report.keep("inFlight", found)
