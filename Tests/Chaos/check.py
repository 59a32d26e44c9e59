"""The checker: reads the worker's outputs (results topic, the service's journal, files) and shares no code with it."""

import collections
import datetime
import hashlib
import json
import pathlib
import random
import re
import urllib.request

FILES_COMPARED = 200


class Check:
    """The results of a run, from the worker's outputs only."""

    def __init__(self, workload, commands, sender, results, journal, is_recreated=False):
        self.expected, self.sender, self.journal = workload.expected, sender, journal
        self.events = {name: without_misdirected(seen) for name, seen in results.events.items()}
        self.keys = {record.identity: record.key for record in workload.records}
        self.times_enqueued = collections.Counter(record.identity for record in workload.records if record.is_job)
        for name in self.events:
            if ".retry-" in name:
                self.times_enqueued[name] = commands.retried[name] + commands.failed_retries
                if name not in self.expected and commands.failed_retries and commands.original(name) in self.events:
                    workload.add_retry(name)
        self.missing = sorted(set(self.expected) - set(self.events))
        self.unexpected = sorted(set(self.events) - set(self.expected))
        # A job that is enqueued again after its end has its event published again, under the same id.
        # Records of a recreated jobs topic that were read before an operator let workers read it from the beginning are read
        # twice; a `rejected` event names its record.
        factor = 2 if is_recreated else 1
        self.repeated = self.jobs(lambda name, seen: len(seen) > factor * self.times_enqueued[name])
        self.differing = self.jobs(
            lambda name, seen: not (is_recreated and seen[0][1]["status"] == "rejected")
            and len({(ce_id, json.dumps(body, sort_keys=True)) for ce_id, body, _ in seen}) > 1)
        self.wrong = self.jobs(lambda name, seen: seen[0][1]["status"] not in self.expected.get(name, set()))
        self.count = sum(len(seen) for seen in self.events.values())
        self.check_exports()

    def jobs(self, is_one):
        return sorted(name for name, seen in self.events.items() if is_one(name, seen))

    # At the service

    def check_exports(self):
        """Exports by job; those of a retry count as their first job's."""
        self.exports = collections.defaultdict(list)
        for export in self.journal:
            self.exports[name_of(export)].append(export)
        announced = {body["requestId"] for seen in self.events.values() for _, body, _ in seen}
        left = [(name, export) for name, exports in self.exports.items() for export in exports
                if export["requestId"] not in announced and export["state"] in ("Queued", "Processing", "Completed")]
        statuses = {name: seen[0][1]["status"] for name, seen in self.events.items()}
        # A worker that was frozen in the middle of a submission sends it when it continues, and by then the export of a
        # cancelled job may be deleted: the service makes another one. That is counted below, as left by a cancelled job.
        self.second_exports = sum(
            count - 1 for name, exports in self.exports.items() if statuses.get(name) != "cancelled"
            for count in collections.Counter(export["idempotencyId"] for export in exports).values())
        self.orphans = sorted(name for name, _ in left if statuses.get(name) != "cancelled")
        self.left_by_cancelled = sorted(
            name for name, exports in self.exports.items() if statuses.get(name) == "cancelled"
            and any(export["state"] in ("Queued", "Processing", "Completed") for export in exports))
        completed = [name for name in self.events if statuses[name] == "completed" and ".retry-" not in name]
        self.exports_per_completed = sum(len(self.exports[name]) for name in completed) / max(1, len(completed))

    # Files

    def check_files(self, sandbox, seed):
        """Compares every file with its event, and some of them with the service's file."""
        self.lost_files, self.damaged_files, compared = [], [], []
        for name, seen in self.events.items():
            for file in seen[0][1]["files"]:
                path = pathlib.Path(urllib.request.url2pathname(file["location"].removeprefix("file://")))
                if not path.exists():
                    self.lost_files.append(name)
                    continue
                content = path.read_bytes()
                if len(content) != file["sizeBytes"] or hashlib.sha256(content).hexdigest() != file["sha256"]:
                    self.damaged_files.append(name)
                compared.append((name, seen[0][1], content))
        sandbox.set_faults([])
        token = sandbox.sign_in()
        sample = random.Random(f"files {seed}").sample(compared, min(FILES_COMPARED, len(compared)))
        for name, body, content in sample:
            if sandbox.file(body["kind"], body["requestId"], token) != content:
                self.damaged_files.append(name)
        self.files, self.files_compared = len(compared), len(sample)

    # Time

    def lives(self):
        """For each partition, when its jobs were stored and when their first events could be read."""
        lives = collections.defaultdict(list)
        for name, key in self.keys.items():
            if name in self.events and key in self.sender.stored:
                partition, stored = self.sender.stored[key]
                read = self.events[name][0][2]
                # A busy sender may learn late that the job is stored.
                lives[partition].append((min(stored, read), read, name))
        return lives

    def longest_stall(self):
        """The longest time in which a partition had waiting jobs and published no event."""
        longest = 0.0
        for jobs in self.lives().values():
            # A job that is stored and read at once is stored first.
            changes = sorted([(stored, 0, 1) for stored, _, _ in jobs] + [(read, 1, -1) for _, read, _ in jobs])
            waiting, since = 0, None
            for at, _, change in changes:
                if change < 0:
                    longest = max(longest, at - since)
                    since = at
                elif waiting == 0:
                    since = at
                waiting += change
        return longest

    def takeover_times(self, history):
        """For each kill, the seconds until the next owners ended a job of every partition of the killed worker.

        A job counts if its event says that it ended after the kill. Partitions without jobs are omitted, and kills of
        workers that owned no partition or did not report them.
        """
        times = []
        lives = self.lives()
        for killed, kind, _, owned in history:
            if kind != "kill" or not owned:
                continue
            firsts = []
            for partition in owned:
                ended = [read for _, read, name in lives.get(partition, [])
                         if read > killed and seconds_of(self.events[name][0][1]["times"]["finished"]) > killed]
                if ended:
                    firsts.append(min(ended) - killed)
            if firsts:
                times.append(max(firsts))
        return times

    # Result

    def broken_promises(self, is_exact, honours_idempotency):
        promises = {
            "missing": self.missing, "unexpected": self.unexpected, "wrong status": self.wrong,
            "files missing": self.lost_files, "files damaged": self.damaged_files,
        }
        if is_exact:
            promises |= {"repeated": self.repeated, "repeated with other content": self.differing}
        if honours_idempotency:
            promises |= {"second exports": self.second_exports, "exports orphaned": self.orphans}
        return {name: found for name, found in promises.items() if found}


def without_misdirected(seen):
    """A job's events without the rejections of cancel commands that went to another partition than the job.

    Keys move to other partitions when partitions are added between a job and its command.
    """
    def is_unknown(body):
        return (body.get("error") or {}).get("code") == "unknownJob"

    places = {body["source"]["partition"] for _, body, _ in seen if not is_unknown(body)}
    return [event for event in seen if not (
        places and is_unknown(event[1]) and event[1]["source"]["partition"] not in places)]


def name_of(export):
    """The job of an export, from the number in its filter, independent of the worker's data; without the suffix of a retry."""
    number = int(re.search(r"'(\d+)'", export["filter"]).group(1))
    return f"job-{number:06d}"


def seconds_of(text):
    """A timestamp of an event as seconds since the epoch."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
