"""An operator's commands while workers run: pauses, cancellations of many jobs, retries."""

import collections
import contextlib
import json
import os
import queue
import random
import subprocess
import threading
import time
import uuid

from confluent_kafka import Consumer, TopicPartition

from topics import QUIET
from workload import CANCELLED_GROUPS

KINDS = ("payments", "transactionHistory")
PAUSE_SECONDS = (7, 15)
# A pause must end within this time of its command, also while brokers fail.
RESUME_SECONDS = 180


class Controls(threading.Thread):
    """Reads the pauses in the state topic (`read_committed`): a record with the key `@control` means that its partition is
    paused, one without a value that it is not."""

    def __init__(self, topics):
        super().__init__(daemon=True)
        self.topic, self.running = topics.names["state"], True
        self.consumer = Consumer({
            "bootstrap.servers": topics.bootstrap, "group.id": f"reader-{uuid.uuid4()}", **QUIET,
            "isolation.level": "read_committed", "enable.auto.commit": False, "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10, "topic.metadata.refresh.interval.ms": 5000})
        self.consumer.assign([TopicPartition(self.topic, number, 0) for number in range(topics.partitions)])
        # By partition: the time of each record, when it could be read, and whether it has pauses.
        self.changes = collections.defaultdict(list)

    def run(self):
        while self.running:
            for message in self.consumer.consume(500, 0.05):
                if not message.error() and message.key() == b"@control":
                    change = (message.timestamp()[1] / 1000, time.time(), message.value() is not None)
                    self.changes[message.partition()].append(change)
        self.consumer.close()

    def paused(self):
        """The partitions that are paused now."""
        return sorted(partition for partition, changes in list(self.changes.items()) if changes[-1][2])

    def stop(self):
        self.running = False
        self.join()


class Pause:
    """A pause that was sent, and when its end was sent or due."""

    def __init__(self, kind, holds_calls):
        self.kind, self.holds_calls = kind, holds_calls
        self.sent, self.end = time.time(), float("inf")


class Commands:
    """Runs the worker's commands as an operator does. The kinds take turns; a command that fails is repeated.

    One pause is in effect at a time; other commands run beside it.
    """

    def __init__(self, run, workload, results, seed):
        self.run, self.workload, self.results = run, workload, results
        self.rng = random.Random(f"commands {seed}")
        self.controls = Controls(run.topics)
        self.kinds = [self.pause_kind, self.retry, self.pause_calls, self.cancel_batch, self.pause_until, self.cancel_group]
        self.turn = 0
        self.pauses, self.retried = [], collections.Counter()
        # Attempts of `jobs retry` that failed, and may have enqueued jobs all the same.
        self.failed_retries = 0
        self.history, self.failures = [], []
        # Held while a command runs: not while the jobs topic does not exist.
        self.gate = threading.Lock()
        self.queues = [queue.SimpleQueue(), queue.SimpleQueue()]
        self.threads = [threading.Thread(target=self.serve, args=(queue,), daemon=True) for queue in self.queues]

    def start(self):
        for thread in [self.controls, *self.threads]:
            thread.start()

    def inject(self):
        kind = self.kinds[self.turn % len(self.kinds)]
        self.turn += 1
        self.history.append((time.time(), kind.__name__))
        self.queues[kind.__name__.startswith("pause")].put(kind)

    def serve(self, waiting):
        while (body := waiting.get()) is not None:
            try:
                body()
            except BaseException as error:
                self.failures.append(f"{body.__name__}: {error}")

    def end(self):
        """Waits for the commands, and ends what is still paused."""
        for waiting in self.queues:
            waiting.put(None)
        for thread in self.threads:
            thread.join()
        self.resume()

    # Pauses

    def pause_kind(self):
        self.pause(self.rng.choice(KINDS), self.rng.uniform(*PAUSE_SECONDS))

    def pause_calls(self):
        self.pause(self.rng.choice([None, *KINDS]), self.rng.uniform(*PAUSE_SECONDS), holds_calls=True)

    def pause_until(self):
        self.pause(None, self.rng.uniform(*PAUSE_SECONDS), ends_itself=True)

    def pause(self, kind, seconds, holds_calls=False, ends_itself=False):
        arguments = ["pause", "--yes", *(["--kind", kind] if kind else []), *(["--calls"] if holds_calls else [])]
        arguments += ["--for", f"{int(seconds)}s"] if ends_itself else []
        pause = Pause(kind, holds_calls)
        self.command(*arguments)
        # A repeated command may have been sent by the first attempt too, and its time then counts from there.
        if ends_itself:
            pause.end = pause.sent + int(seconds)
        self.pauses.append(pause)
        time.sleep(max(0.0, pause.sent + seconds - time.time()))
        pause.end = min(pause.end, time.time())
        if not ends_itself:
            self.command("resume")
        self.resume()

    def resume(self):
        """Waits until nothing is paused; a resume that was lost with a jobs topic is sent again."""
        end, again = time.monotonic() + RESUME_SECONDS, time.monotonic() + 10
        while self.controls.paused():
            if time.monotonic() > end:
                return self.failures.append(f"partitions {self.controls.paused()} are paused still")
            if time.monotonic() > again:
                self.command("resume")
                again = time.monotonic() + 10
            time.sleep(0.1)

    # Many jobs at once

    def cancel_batch(self):
        batches = [batch for batch in self.workload.batches if self.workload.may_cancel(batch)]
        waiting = [batch for batch in batches if batch not in self.results.batches]
        self.command("jobs", "cancel", "--batch", self.rng.choice(waiting or batches), "--yes", statuses=(0, 1))

    def cancel_group(self):
        group = self.rng.randrange(CANCELLED_GROUPS)
        self.command("jobs", "cancel", "--metadata", f"group=g{group}", "--yes", statuses=(0, 1))

    def retry(self):
        """Enqueues all failed and cancelled jobs again."""
        self.note_retries(self.command("jobs", "retry", "--since", "1d", "--yes", "--output", "json", statuses=(0, 1)))

    def retry_lost(self):
        """Repeats the retries that have no event: their records may be lost with the jobs topic. The caller holds the gate."""
        lost = [name for name in self.retried if name not in self.results.events]
        if lost:
            originals = [self.original(name) for name in lost]
            self.note_retries(self.command(
                "jobs", "retry", *originals, "--output", "json", statuses=(0, 1), gate=contextlib.nullcontext()))

    @staticmethod
    def original(retry):
        base, number = retry.rsplit(".retry-", 1)
        return base if number == "1" else f"{base}.retry-{int(number) - 1}"

    def note_retries(self, text):
        for line in text.splitlines():
            document = json.loads(line)
            if document["outcome"] == "retry":
                if document["jobId"] not in self.retried:
                    self.workload.add_retry(document["jobId"])
                self.retried[document["jobId"]] += 1

    # Support

    def command(self, *arguments, statuses=(0,), gate=None):
        """Runs a command until it succeeds: brokers may be unavailable."""
        end = time.monotonic() + RESUME_SECONDS
        while True:
            try:
                with gate or self.gate:
                    return self.attempt(*arguments, statuses=statuses)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                self.failed_retries += arguments[:2] == ("jobs", "retry")
                if time.monotonic() > end:
                    raise RuntimeError(f"did not succeed within {RESUME_SECONDS} s: {error}") from None
                time.sleep(1)

    def attempt(self, *arguments, statuses):
        environment = {**os.environ, **self.run.settings, "LOG_LEVEL": "error"}
        done = subprocess.run([str(self.run.options.binary), *arguments], env=environment, capture_output=True,
                              text=True, timeout=120)
        output = done.stderr + done.stdout
        is_done = done.returncode in statuses and (done.returncode == 0 or "skipped" in output or "no job" in output.lower())
        if not is_done:
            raise RuntimeError(f"payout-worker {' '.join(arguments)} failed: {output}")
        return done.stdout

    def counts(self):
        return collections.Counter(kind for _, kind in self.history)
