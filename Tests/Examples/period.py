#!/usr/bin/env python3
"""From one command to the rows of a year in PostgreSQL, while workers are killed and the command is repeated.

    period.py PAYOUT_WORKER
    period.py --check        only whether the server and the packages are there

Prints the process id of the server when it runs. Exits with 77 and a reason where the server or a Python package is missing.
"""

import contextlib
import hashlib
import json
import pathlib
import sys
import time
import urllib.parse

from warehouse import PATIENCE, ROOT, check_loaded, expect, files, load, main, records, running

sys.path.insert(0, str(ROOT / "Tests/Chaos"))

from fleet import Worker  # noqa: E402
from processes import Child, worker_environment  # noqa: E402

BATCH = "fy26"
MONTHS = 12
COMMAND = ["enqueue", "--kind", "payments", "--from", "2025-07-01", "--to", "2026-07-01", "--split", "month",
           "--batch", BATCH, "--wait"]
PARTITIONS = 6
# The group notices a killed worker after this time.
SESSION = {"KAFKA_CLIENT_SESSION_TIMEOUT_MS": "5000", "KAFKA_CLIENT_HEARTBEAT_INTERVAL_MS": "1000"}


def eventually(what, condition):
    """Waits for the condition's first value that is true, and returns it."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")


class Commands:
    """The command, as often as it is started."""

    def __init__(self, worker, settings, folder, stack):
        self.worker, self.environment, self.folder, self.stack = worker, worker_environment(settings), folder, stack
        self.started = []

    def start(self):
        output = pathlib.Path(self.folder, f"command-{len(self.started)}")
        child = Child([self.worker, *COMMAND, "--output", "json"], self.environment, output.with_suffix(".log"), output)
        self.stack.callback(child.stop)
        self.started.append((child, output))

    def ended(self):
        """What each has printed; all must succeed."""
        printed = []
        for child, output in self.started:
            status = child.process.wait(PATIENCE)
            expect(status == 0, f"the command ended with {status}: {output.with_suffix('.log').read_text()[-2000:]}")
            printed.append([json.loads(line) for line in output.read_text().splitlines()])
        return printed


def kill_owner(workers):
    """Kills the worker that has the batch's jobs."""
    # Needs a package that --check looks for.
    from topics import partition_of

    partition = partition_of(BATCH, PARTITIONS)
    owner = eventually("a worker owns the batch's partition", lambda: next(
        (worker for worker in workers if partition in (worker.partitions() or [])), None))
    workers.remove(owner)
    owner.kill()


def check_commands(printed):
    """Each has printed the batch's event after those of its jobs. Returns that event."""
    for objects in printed:
        *jobs, batch = objects
        expect(len({job["jobId"] for job in jobs}) == MONTHS, f"jobs: {jobs}")
        expect(all(job["status"] == "completed" for job in jobs), f"not completed: {jobs}")
        expect(batch == printed[0][-1], f"another event of the batch: {batch}")
    expect((batch["batchId"], batch["status"], batch["size"]) == (BATCH, "completed", MONTHS), f"the batch's event: {batch}")
    return batch


def path_of(location):
    return pathlib.Path(urllib.parse.unquote(urllib.parse.urlsplit(location).path))


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value


def check_files(batch, stored):
    """The manifest is the event, and lists exactly the files in the store."""
    manifest = json.loads(path_of(batch["location"]).read_text())
    expect(without_nulls(manifest["jobs"]) == without_nulls(batch["jobs"]), "the manifest has other jobs than the event")
    listed = {path_of(file["location"]): file for job in manifest["jobs"] for file in job["files"]}
    expect(set(listed) == set(files(stored)) and len(listed) == MONTHS, f"the store has other files: {files(stored)}")
    for path, file in listed.items():
        content = path.read_bytes()
        expect(len(records(path)) == file["rows"] + 1, f"{path} has other rows than the batch's event says")
        expect((len(content), hashlib.sha256(content).hexdigest()) == (file["sizeBytes"], file["sha256"]), f"{path} is damaged")


def run(worker, folder):
    with contextlib.ExitStack() as stack:
        server, sandbox, settings, stored = stack.enter_context(
            running(worker, folder, "--speed", "instant", "--kafka-partitions", PARTITIONS))
        # No export seems to end at first.
        sandbox.set_faults([{"kind": "statusText", "text": "Processing", "calls": ["get"]}])
        workers = [Worker(worker, f"w{number}", None, {**settings, **SESSION}, pathlib.Path(folder)) for number in range(3)]
        for process in workers:
            stack.callback(process.stop)
        commands = Commands(worker, settings, folder, stack)
        commands.start()
        eventually("the exports are queued", lambda: len(sandbox.journal()) == MONTHS)
        kill_owner(workers)
        commands.start()
        # One file does not arrive as a whole before the second worker is killed.
        sandbox.set_faults([{"kind": "blobStalls", "milliseconds": PATIENCE * 1000, "count": 1}])
        eventually("all other files are stored", lambda: len(files(stored)) >= MONTHS - 1)
        kill_owner(workers)
        commands.ended()
        # Every job is a duplicate now, and the worker repeats its event.
        commands.start()
        batch = check_commands(commands.ended())
        expect(len(sandbox.journal()) == MONTHS, "an export was queued twice")
        check_files(batch, stored)
        printed = load(server, settings)
        expect(len(printed) == MONTHS, f"loaded: {printed}")
        check_loaded(server, stored, "payments")
        printed = load(server, settings, group="loader-2")
        expect(set(printed.values()) == {"is loaded already"}, f"loaded again: {printed}")
        check_loaded(server, stored, "payments")


if __name__ == "__main__":
    main(run)
