"""The jobs of a run, and how each of them may end."""

import json
import random
import typing

# Operators cancel jobs by these values of their metadata.
GROUPS, CANCELLED_GROUPS = 10, 1
BATCH_SHARE, BATCH_SIZES = 0.03, (2, 8)


class Record(typing.NamedTuple):
    """A record of the jobs topic: a job, or the command that cancels it."""

    key: str
    identity: str
    value: str

    @property
    def is_job(self):
        return json.loads(self.value).get("action") != "cancel"


class Workload:
    """The records to enqueue, in order, each job's permitted statuses, and the members of each batch.

    The jobs have both kinds and formats. Some are enqueued twice, some are invalid, some fail at the service at each
    attempt, some are cancelled later, some belong to batches. The jobs of some groups and batches may be cancelled together.
    """

    def __init__(self, count, seed):
        self.rng = random.Random(f"jobs {seed}")
        self.records, self.expected, self.batches = [], {}, {}
        self.cancels = {}
        # Partitions of jobs that do not go where their key leads.
        self.pinned = {}
        self.batch, self.left = None, 0
        for number in range(count):
            self.add(number, count - number)
            for record in self.cancels.pop(number, []):
                self.records.append(record)
        for records in self.cancels.values():
            self.records += records

    def add(self, number, remaining):
        """The job of a number; a batch takes the next numbers until it has its jobs."""
        rng, identity = self.rng, f"job-{number:06d}"
        group = rng.randrange(GROUPS)
        job = {"jobId": identity, "kind": rng.choice(["transactionHistory", "payments"]),
               "filter": f"enrollmentParticipantId eq '{number}'", "fileFormat": rng.choice(["csv", "tsv"]),
               "metadata": {"group": f"g{group}"}}
        if not self.left and rng.random() < BATCH_SHARE:
            self.left = min(rng.randint(*BATCH_SIZES), remaining)
            self.batch = f"batch-{number:06d}"
            self.batches[self.batch] = []
            self.size = self.left
        fate = rng.choices(["completed", "rejected", "failed", "cancelled"], [94, 2, 1, 3])[0]
        key = identity
        if self.left:
            self.left -= 1
            key = self.batch
            job["batch"] = {"id": key, "size": self.size}
            self.batches[key].append(identity)
            # A rejected record is no member, and the batch would wait for another one.
            fate = "completed" if fate == "rejected" else fate
        if fate == "rejected":
            job["kind"] = "nonsense"
        elif fate == "failed":
            job["filter"] += " and programName eq 'sandbox-fail'"
            job["maxAttempts"] = 2
        self.expected[identity] = {"completed", "cancelled"} if fate == "cancelled" else {fate}
        if fate != "rejected" and (group < CANCELLED_GROUPS or key in self.batches and self.may_cancel(key)):
            self.expected[identity].add("cancelled")
        record = Record(key, identity, json.dumps(job))
        self.records += [record] * (2 if fate == "completed" and rng.random() < 0.03 else 1)
        if fate == "cancelled":
            value = json.dumps({"jobId": identity, "action": "cancel"})
            self.cancels.setdefault(number + rng.randint(1, 40), []).append(Record(key, identity, value))

    @staticmethod
    def may_cancel(batch):
        """Whether an operator may cancel the jobs of a batch together: every third one, by its number."""
        return int(batch.removeprefix("batch-")) % 3 == 0

    def add_pinned(self, partition):
        """Another job, for a partition that its key may not lead to."""
        number = len(self.expected)
        identity = f"job-{number:06d}"
        value = json.dumps({"jobId": identity, "kind": "payments", "filter": f"enrollmentParticipantId eq '{number}'"})
        self.expected[identity] = {"completed"}
        self.records.append(Record(identity, identity, value))
        self.pinned[identity] = partition
        return self.records[-1]

    def add_retry(self, identity):
        """A job that the worker's command has enqueued in place of another one."""
        base = self.expected[identity.rsplit(".retry-", 1)[0]]
        self.expected[identity] = {"failed"} if base == {"failed"} else base | {"completed", "cancelled"}

