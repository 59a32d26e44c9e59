"""Topics as other systems use them: jobs in, events out, with librdkafka's Python client and no code of the worker."""

import collections
import json
import threading
import time
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROLES = ("jobs", "results", "state", "dead-letter")
QUIET = {"log_level": 2}


class Topics:
    """The four topics of a run. On a real broker they have unique names and are deleted at the end."""

    def __init__(self, bootstrap, is_real, partitions, prefix):
        self.bootstrap, self.is_real, self.partitions = bootstrap, is_real, partitions
        self.prefix = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.names = {role: f"{self.prefix}.{role}" if is_real else f"payout.export.{role}" for role in ROLES}
        self.admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})

    def create(self):
        """On a real broker; the embedded one has them from the start."""
        if not self.is_real:
            return
        # As many replicas as the broker's default.
        wanted = [NewTopic(topic, num_partitions=self.partitions, replication_factor=-1,
                           config={"cleanup.policy": "compact"} if role == "state" else {})
                  for role, topic in self.names.items()]
        for future in self.admin.create_topics(wanted).values():
            future.result()
        # Brokers may not know a created topic at once.
        end = time.monotonic() + 60
        while not self.are_known():
            if time.monotonic() > end:
                raise RuntimeError("the topics were created, and are not available a minute later")
            time.sleep(0.1)

    def are_known(self):
        known = self.admin.list_topics(timeout=10).topics
        return all(topic in known and len(known[topic].partitions) == self.partitions
                   and all(partition.leader >= 0 for partition in known[topic].partitions.values())
                   for topic in self.names.values())

    def delete(self):
        if not self.is_real:
            return
        for future in self.admin.delete_topics(list(self.names.values())).values():
            future.result()

    @property
    def settings(self):
        """The settings that point a worker at them."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "KAFKA_GROUP_ID": self.prefix,
                **{f"KAFKA_TOPICS_{role.upper().replace('-', '_')}": topic for role, topic in self.names.items()}}


class Results(threading.Thread):
    """Reads the results topic from its start as any consumer would, with `read_committed`."""

    def __init__(self, topics, keeps_bodies=True):
        super().__init__(daemon=True)
        self.consumer = Consumer({
            "bootstrap.servers": topics.bootstrap, "group.id": f"reader-{uuid.uuid4()}", **QUIET,
            "isolation.level": "read_committed", "enable.auto.commit": False, "auto.offset.reset": "earliest",
            "enable.partition.eof": True, "fetch.wait.max.ms": 10, "topic.metadata.refresh.interval.ms": 5000})
        self.partitions = [TopicPartition(topics.names["results"], number, 0) for number in range(topics.partitions)]
        self.consumer.assign(self.partitions)
        # Up to where each partition was read when there was no more.
        self.ends = {}
        # By job: each event's `ce_id`, its document (or its status alone), and when it could be read.
        self.events = collections.defaultdict(list)
        # The events of batches, by batch.
        self.batches = collections.defaultdict(list)
        self.keeps_bodies = keeps_bodies
        self.count = 0
        self.running = True

    def run(self):
        while self.running:
            self.read()
        # The time only bounds a hang.
        limit = time.monotonic() + 60
        for partition, end in self.stored().items():
            while self.ends.get(partition, 0) < end and time.monotonic() < limit:
                self.read()
        self.consumer.close()

    def read(self):
        messages = self.consumer.consume(500, 0.05)
        now = time.time()
        for message in messages:
            if not message.error():
                self.receive(message, now)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                self.ends[message.partition()] = message.offset()

    def stored(self):
        """The present ends of the partitions; none when the brokers cannot be asked."""
        try:
            return {partition.partition: self.consumer.get_watermark_offsets(partition, timeout=10)[1]
                    for partition in self.partitions}
        except KafkaException:
            return {}

    def receive(self, message, now):
        headers = dict(message.headers() or [])
        body = json.loads(message.value())
        if "batchId" in body:
            self.batches[body["batchId"]].append((headers.get("ce_id", b"").decode(), body, now))
            return
        seen = body if self.keeps_bodies else {"status": body["status"], "requestId": body.get("requestId")}
        self.events[body["jobId"]].append((headers.get("ce_id", b"").decode(), seen, now))
        self.count += 1

    def stop(self):
        """Reads what is stored by now, and ends."""
        self.running = False
        self.join()


class Sender(threading.Thread):
    """Enqueues jobs evenly over some seconds; records each one's partition and the time when it was stored."""

    def __init__(self, topics, jobs, seconds, pins=False):
        super().__init__(daemon=True)
        # Whether a key stays in its partition when partitions are added.
        self.pins = pins
        # The run's own jobs; the caller keeps those that it enqueues in addition.
        self.topic, self.jobs, self.seconds = topics.names["jobs"], list(jobs), seconds
        self.topics = topics
        self.renew()
        # How many of them have been sent. The gate is held while the topic does not exist.
        self.position, self.gate = 0, threading.Lock()
        self.stored = {}
        self.problem = None
        self.done = threading.Event()

    def run(self):
        begin = time.time()
        try:
            for index, (identity, value) in enumerate(self.jobs):
                while time.time() - begin < self.seconds * index / len(self.jobs):
                    self.producer.poll(0.002)
                with self.gate:
                    self.send(identity, value)
                    self.position = index + 1
            self.flush()
        except Exception as error:  # noqa: BLE001 - the check that waits for the jobs reports it
            self.problem = f"jobs could not be enqueued: {error}"
        self.done.set()

    def renew(self):
        """Creates another producer: the previous one knows the deleted topic."""
        self.producer = Producer({
            "bootstrap.servers": self.topics.bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True,
            "linger.ms": 2, **QUIET})

    def flush(self):
        if self.producer.flush(120) > 0:
            self.problem = "jobs could not be enqueued within 120 s"

    def send(self, identity, value):
        """Chooses the partition by the key, as the Java client does."""
        self.send_to(partition_of(identity, self.topics.partitions) if self.pins else -1, identity, value)

    def send_to(self, partition, identity, value):
        while True:
            try:
                return self.producer.produce(self.topic, key=identity, value=value, partition=partition,
                                             on_delivery=self.delivered)
            except BufferError:
                self.producer.poll(0.1)
            except KafkaException as error:
                if error.args[0].code() != KafkaError._UNKNOWN_PARTITION:
                    raise
                # The partition was just added: a request for metadata lets the producer know it.
                self.producer.list_topics(self.topic, timeout=10)
                self.producer.poll(0.1)

    def delivered(self, error, message):
        if error:
            self.problem = f"a job could not be enqueued: {error}"
        else:
            self.stored.setdefault(message.key().decode(), (message.partition(), time.time()))


def partition_of(key, partitions):
    """The Java client's choice: murmur2 of the key, its sign bit dropped, modulo the number of partitions."""
    data, mask = key.encode(), 0xFFFFFFFF
    value = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start:start + 4], "little") * 0x5BD1E995 & mask
        word = (word ^ word >> 24) * 0x5BD1E995 & mask
        value = value * 0x5BD1E995 & mask ^ word
    if len(data) > whole:
        value = (value ^ int.from_bytes(data[whole:], "little")) * 0x5BD1E995 & mask
    value = (value ^ value >> 13) * 0x5BD1E995 & mask
    return (value ^ value >> 15) % (1 << 31) % partitions
