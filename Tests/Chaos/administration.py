"""An administrator's changes of topics while workers run: faults that need a broker with all of Kafka's guarantees."""

import collections
import json
import os
import subprocess
import threading
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourceType

from topics import QUIET
from faults import Faults

# How long an operator looks for stopped partitions, while jobs have no event.
RECOVERY_SECONDS = 300
# How long the topics that workers write to have too few replicas.
REPLICAS_LACK_SECONDS = 6
# Jobs for an added partition, to check that workers accept and commit them.
JOBS_FOR_ADDED = 20


class Administration(Faults):
    """Partitions added, a transaction left open, the jobs topic recreated, too few replicas in sync, one broker of several
    stopped for a while.

    The kinds take turns. Jobs that are enqueued in addition to the run's own, and jobs that are enqueued again, are added to
    the workload.
    """

    def __init__(self, run, workload, commands, sender, results):
        super().__init__()
        self.run, self.workload, self.commands = run, workload, commands
        self.sender, self.results = sender, results
        self.topics = run.topics
        self.stop_broker, self.start_broker = os.environ.get("BROKER_STOP", ""), os.environ.get("BROKER_START", "")
        self.kinds = [self.add_partition, self.lack_replicas, self.leave_transaction_open, self.recreate_jobs]
        if self.stop_broker and self.start_broker:
            self.kinds.append(self.stop_one_broker)
        self.turn = 0
        self.recovered = 0
        self.threads, self.failures = [], []

    def inject(self):
        kind = self.kinds[self.turn % len(self.kinds)]
        self.turn += 1
        self.history.append((time.time(), kind.__name__))
        kind()

    def end(self):
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise SystemExit("; ".join(self.failures))

    def guarded(self, body, *arguments):
        """Records the failure of a thread, which would go unnoticed otherwise."""
        try:
            body(*arguments)
        except BaseException as error:
            self.failures.append(f"{getattr(body, '__name__', body)}: {error}")

    # Partitions added

    def add_partition(self):
        """Adds a partition to the jobs topic, then to the state topic, as in the sizing guide, and enqueues jobs for it."""
        jobs = self.topics.names["jobs"]
        count = len(self.topics.admin.list_topics(jobs, timeout=30).topics[jobs].partitions) + 1
        for future in self.topics.admin.create_partitions([NewPartitions(jobs, count)]).values():
            future.result()

        def state_follows():
            # The command changes nothing while a broker does not know the new partition yet.
            self.command("topics", "create")
            state = self.topics.names["state"]
            return len(self.topics.admin.list_topics(state, timeout=30).topics[state].partitions) == count

        self.wait_until("the state topic has the partition too", state_follows)
        for _ in range(JOBS_FOR_ADDED):
            record = self.workload.add_pinned(count - 1)
            self.sender.send_to(count - 1, record.key, record.value)

    # Too few replicas

    def lack_replicas(self):
        """For a while the topics that workers write to demand more replicas in sync than they have: brokers refuse records,
        and transactions cannot end."""
        begin = time.time()
        self.outages.append((begin, begin + 60))
        self.set_min_replicas(AlterConfigOpType.SET)

        def enough_again():
            self.set_min_replicas(AlterConfigOpType.DELETE)
            self.outages[-1] = (begin, time.time())
        self.later(REPLICAS_LACK_SECONDS, enough_again)

    def set_min_replicas(self, operation):
        entry = ConfigEntry("min.insync.replicas", "4", incremental_operation=operation)
        resources = [ConfigResource(ResourceType.TOPIC, self.topics.names[role], incremental_configs=[entry])
                     for role in ("results", "state")]
        for future in self.topics.admin.incremental_alter_configs(resources).values():
            future.result()

    # A transaction left open

    def leave_transaction_open(self):
        """A producer of another program writes to the jobs topic and leaves its transaction open for a while."""
        producer = Producer({"bootstrap.servers": self.topics.bootstrap, **QUIET,
                             "transactional.id": f"{self.topics.prefix}.foreign.{self.turn}",
                             "transaction.timeout.ms": 60000})
        producer.init_transactions(30)
        producer.begin_transaction()
        producer.produce(self.topics.names["jobs"], value="never committed", partition=0)
        producer.flush(30)
        self.later(8, producer.abort_transaction, 30)

    # The jobs topic recreated

    def recreate_jobs(self):
        """Deletes the jobs topic and creates it again. Its senders enqueue jobs without an event again, and an operator lets
        the workers read the new topic from its beginning."""
        jobs = self.topics.names["jobs"]
        with self.commands.gate, self.sender.gate:
            self.sender.flush()
            sent = self.records_sent()
            description = self.topics.admin.list_topics(jobs, timeout=30).topics[jobs]
            for future in self.topics.admin.delete_topics([jobs], operation_timeout=30).values():
                future.result()
            self.wait_until("the jobs topic is gone",
                            lambda: jobs not in self.topics.admin.list_topics(timeout=10).topics)
            again = [NewTopic(jobs, num_partitions=len(description.partitions), replication_factor=-1)]
            for future in self.topics.admin.create_topics(again).values():
                future.result()
            self.wait_until("the jobs topic is back", lambda: self.is_led(jobs, len(description.partitions)))
            self.sender.renew()
            # Jobs whose events are published meanwhile only become duplicates.
            # Each record once: a job and its cancel command have the same identity.
            lost = dict.fromkeys(record for record in sent if record.identity not in self.results.events)
            for record in lost:
                self.workload.records.append(record)
                if record.identity in self.workload.pinned:
                    self.sender.send_to(self.workload.pinned[record.identity], record.key, record.value)
                else:
                    self.sender.send(record.key, record.value)
            self.sender.flush()
            self.commands.retry_lost()
        names = {record.identity for record in lost if record.is_job}
        self.threads.append(threading.Thread(target=self.guarded, args=(self.recover, names)))
        self.threads[-1].start()

    def records_sent(self):
        """The run's own jobs as far as they are sent, and all that were enqueued in addition."""
        records = self.workload.records
        return records[:self.sender.position] + records[len(self.sender.jobs):]

    def recover(self, names):
        """Runs the command until the jobs that were enqueued again have events: workers notice the new topic at different
        times, and later on a slow machine."""
        end = time.monotonic() + RECOVERY_SECONDS
        while any(name not in self.results.events for name in names) and time.monotonic() < end:
            try:
                text = self.command("topics", "recover", "--all", "--from", "beginning", "--output", "json")
                self.recovered += sum(plan["outcome"] == "written" for plan in json.loads(text))
            except (RuntimeError, SystemExit, subprocess.TimeoutExpired):
                # The partitions of an unreachable broker cannot be read: an operator tries again.
                pass
            time.sleep(3)

    def is_led(self, topic, partitions):
        found = self.topics.admin.list_topics(timeout=10).topics.get(topic)
        return found is not None and len(found.partitions) == partitions and all(
            partition.leader >= 0 for partition in found.partitions.values())

    # One broker of several

    def stop_one_broker(self):
        begin = time.time()
        self.outages.append((begin, begin + 180))
        self.shell(self.stop_broker)

        def start_again():
            self.shell(self.start_broker)
            self.outages[-1] = (begin, time.time())
        self.later(12, start_again)

    # Support

    def command(self, *arguments):
        environment = {**os.environ, **self.run.settings}
        done = subprocess.run([str(self.run.options.binary), *arguments], env=environment, capture_output=True,
                              text=True, timeout=120)
        if done.returncode != 0:
            raise SystemExit(f"payout-worker {' '.join(arguments)} failed: {done.stderr or done.stdout}")
        return done.stdout

    def later(self, seconds, body, *arguments):
        thread = threading.Timer(seconds, self.guarded, (body, *arguments))
        thread.start()
        self.threads.append(thread)

    @staticmethod
    def shell(command):
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise SystemExit(f"'{command}' failed: {done.stderr or done.stdout}")

    @staticmethod
    def wait_until(what, condition):
        end = time.monotonic() + 60
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"{what}: not within a minute")
            time.sleep(0.1)

    def counts(self):
        return collections.Counter(kind for _, kind in self.history)
