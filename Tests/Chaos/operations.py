"""The checker of what operators and batches add: pauses that hold jobs back, and the one event of each batch."""

import collections
import json
import pathlib
import urllib.request

from check import name_of, seconds_of

# Calls that were in flight when a pause was committed, or when their worker was frozen, may end within this time.
IN_FLIGHT_SECONDS = 5
FOREVER = float("inf")


class Window:
    """The time in which a pause is certainly in effect in a partition."""

    def __init__(self, pause, partition, begin, end):
        self.pause, self.partition, self.begin, self.end = pause, partition, begin, end

    def holds(self, kind, partition, at):
        return partition == self.partition and self.pause.kind in (None, kind) and self.begin < at < self.end


class OperationsCheck:
    """The findings about pauses and batches, from topics, files and the service's journal only."""

    def __init__(self, check, workload, commands, results, freezes):
        self.check, self.workload, self.results, self.freezes = check, workload, results, freezes
        self.windows = [window for pause in commands.pauses for window in self.windows_of(pause, commands.controls.changes)]
        self.check_pauses()
        self.check_batches()

    # Pauses

    def windows_of(self, pause, changes):
        for partition, seen in changes.items():
            begins = [read for written, read, is_paused in seen if is_paused and pause.sent < written < pause.end]
            if not begins:
                continue
            begin = begins[0] + IN_FLIGHT_SECONDS
            # The record of its end is committed after it is written.
            ends = [written for written, _, is_paused in seen if not is_paused and written > pause.sent]
            yield Window(pause, partition, begin, min([pause.end, *ends]))

    def is_held(self, kind, name, at, needs_calls=False):
        partition = self.workload.pinned.get(name)
        if partition is None:
            partition, _ = self.check.sender.stored.get(self.check.keys.get(name), (None, None))
        # A worker that was frozen with a call in hand makes it when it continues.
        if any(frozen < at < continued + IN_FLIGHT_SECONDS for frozen, continued in self.freezes):
            return False
        return any(window.holds(kind, partition, at) and (window.pause.holds_calls or not needs_calls)
                   for window in self.windows)

    def check_pauses(self):
        """Exports that were queued, and jobs that completed, in a partition where they were paused."""
        retried = {name.split(".retry-")[0] for name in self.check.events if ".retry-" in name}
        self.submitted, self.completed = [], []
        for export in self.check.journal:
            name = name_of(export)
            # Exports of a retry have the number of its first job, which may be in another partition.
            if name not in retried and self.is_held(export["kind"], name, seconds_of(export["created"])):
                self.submitted.append(f"{name} at {export['created']}")
        for name, seen in self.check.events.items():
            body = seen[0][1]
            if body["status"] == "completed" and self.is_held(
                    body["kind"], name, seconds_of(body["times"]["finished"]), needs_calls=True):
                self.completed.append(f"{name} at {body['times']['finished']}")

    def paused_seconds(self):
        """The time of all windows in which a violation would be found."""
        return sum(max(0.0, window.end - window.begin) for window in self.windows)

    # Batches

    def check_batches(self):
        batches, seen = self.workload.batches, self.results.batches
        self.missing = sorted(set(batches) - set(seen))
        self.unexpected = sorted(set(seen) - set(batches))
        self.repeated = sorted(batch for batch in seen if len(seen[batch]) > 1)
        self.differing = sorted(batch for batch in seen if len(
            {(ce_id, json.dumps(body, sort_keys=True)) for ce_id, body, _ in seen[batch]}) > 1)
        self.wrong = [f"{batch}: {why}" for batch in sorted(set(batches) & set(seen))
                      if (why := self.fault_of(batch, seen[batch][0][1]))]

    def fault_of(self, batch, body):
        """What a batch's event has wrong, compared with the events of its jobs; nothing in an event that is right."""
        members = set(self.workload.batches[batch])
        named = {job["jobId"]: job["status"] for job in body["jobs"]}
        if len(body["jobs"]) != len(members) or set(named) != members or body["size"] != len(members):
            return f"it names {sorted(named)}"
        published = {name: self.check.events[name][0][1]["status"] for name in members if name in self.check.events}
        if named != published:
            return f"its jobs ended as {published}, and it says {named}"
        status = "completed" if set(named.values()) == {"completed"} else "partial"
        counts = {name: count for name, count in body["counts"].items() if count}
        if body["status"] != status or counts != collections.Counter(named.values()):
            return f"its status is {body['status']} with {body['counts']}"
        return self.fault_of_manifest(body)

    @staticmethod
    def fault_of_manifest(body):
        if not body["location"]:
            return f"it has no manifest: {body.get('locationError')}"
        path = pathlib.Path(urllib.request.url2pathname(body["location"].removeprefix("file://")))
        if not path.exists():
            return f"its manifest {path} is missing"
        if json.loads(path.read_bytes()) != {**body, "location": None}:
            return f"its manifest {path} differs"
        return None

    # Result

    def broken_promises(self, is_exact):
        promises = {"batch events missing": self.missing, "batch events unexpected": self.unexpected,
                    "batch events wrong": self.wrong}
        if is_exact:
            promises |= {"batch events repeated": self.repeated, "batch events with other content": self.differing,
                         "queued while paused": self.submitted, "completed while paused": self.completed}
        return {name: found for name, found in promises.items() if found}
