"""What jobs cost that only wait: memory, CPU between polls, the time to restore them, and to take them over."""

import os
import time

from stage import Stage, payments
from whole import bare

# Longer than the worker takes to give back what a burst has left.
IDLE_SECONDS = 20
# Nothing is due while it is measured.
WAITING = {"WORKER_POLL_MIN_INTERVAL": "1000h", "WORKER_POLL_MAX_INTERVAL": "1000h"}
LONG_EXPORTS = ("--export-time", "12h")
SESSION_SECONDS = 10


def idle_share(process):
    """Its share of a core while nothing is due."""
    time.sleep(3)
    cpu, begin = process.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (process.cpu_seconds() - cpu) / (time.monotonic() - begin)


def started(stage, count, **settings):
    """A worker that starts, and the seconds until it has restored so many jobs."""
    begin = time.monotonic()
    process = stage.worker(**settings)
    stage.wait_for(f"{count:,} restored jobs", lambda: stage.waiting_jobs([process]) == count, pause=0.05)
    return process, time.monotonic() - begin


def live(binaries, report, count, has_peer):
    """Jobs that come in one by one, are submitted, and wait."""
    with Stage(binaries, LONG_EXPORTS, partitions=64 if count > 20_000 else 6, settings=WAITING) as stage:
        worker = stage.worker()
        stage.enqueue(payments(count, "wait"))
        stage.wait_for(f"{count:,} exports", lambda: stage.waiting_jobs([worker]) == count, pause=0.2)
        found = {"jobs": count, "idleCPU": idle_share(worker), "residentMiB": worker.resident_bytes() / 2**20}
        stage.retire(worker)
        worker, found["restartSeconds"] = started(stage, count)
        found["residentRestoredMiB"] = worker.resident_bytes() / 2**20
    if has_peer:
        found["peerMiB"] = peer_memory(binaries, count)
    row(report, found)
    return found


def peer_memory(binaries, count):
    with Stage(binaries, LONG_EXPORTS, partitions=6, settings=WAITING) as stage:
        peer = stage.peer()
        stage.enqueue(payments(count, "wait"))
        stage.wait_for(f"{count:,} exports", lambda: stage.sandbox.stats()["exportsCreated"] >= count, pause=0.2)
        time.sleep(2)
        return peer.resident_bytes() / 2**20


def restored(binaries, report, count):
    """Jobs that an earlier worker has left; then the worker that waits for them is killed, and another takes over."""
    with Stage(binaries, LONG_EXPORTS, settings=WAITING) as stage:
        names = stage.topics.names
        bare(binaries, "fill", stage.topics.bootstrap, names["jobs"], names["state"], count, stage.topics.partitions)
        worker, seconds = started(stage, count)
        found = {"jobs": count, "restartSeconds": seconds, "restoreCPUSeconds": worker.cpu_seconds(),
                 "idleCPU": idle_share(worker), "residentMiB": worker.resident_bytes() / 2**20}
        stage.retire(worker, by_force=True)
        worker, found["takeOverSeconds"] = started(stage, count)
        found["residentRestoredMiB"] = worker.resident_bytes() / 2**20
    row(report, found)
    report.goal(f"take-over of {count:,} jobs, seconds beyond the session time-out",
                found["takeOverSeconds"] - SESSION_SECONDS, 15, "s")
    return found


def row(report, found):
    text = f"{found['residentMiB']:.0f} MiB, idle {found['idleCPU'] * 100:.1f} % of a core, restart {found['restartSeconds']:.1f} s"
    if "takeOverSeconds" in found:
        text += f", take-over after kill -9 {found['takeOverSeconds']:.1f} s"
    if "peerMiB" in found:
        text += f"; Python peer {found['peerMiB']:.0f} MiB"
    report.row(f"{found['jobs']:,} jobs", text)


def in_flight(binaries, report, sizes, million):
    report.heading("Jobs that wait for their exports, in one worker")
    found = [live(binaries, report, count, has_peer=count >= 10_000) for count in sizes]
    for entry in found:
        if entry["jobs"] == 100_000:
            report.goal("memory with 100,000 jobs waiting", entry["residentMiB"], 100, "MiB")
    if million and "KAFKA_BOOTSTRAP_SERVERS" in os.environ:
        found.append(restored(binaries, report, million))
        if million == 1_000_000:
            report.goal("memory with a million jobs waiting", found[-1]["residentMiB"], 400, "MiB")
        report.goal("idle CPU between polls, share of a core", found[-1]["idleCPU"], 0.05)
    elif million:
        report.row(f"{million:,} jobs", "skipped: the embedded broker keeps 5 MiB of a partition; set KAFKA_BOOTSTRAP_SERVERS")
    report.keep("inFlight", found)
