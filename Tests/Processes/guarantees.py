"""Tests which guarantees a broker gives, so that the crash suite does not claim more than it can show."""

import contextlib
import logging
import time
import uuid

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from topics import QUIET

SECONDS = 20
# The tests expect fencing, which librdkafka logs as errors.
SILENT = logging.getLogger("probe")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def probe(topics):
    """Each guarantee and whether the broker gives it. Uses the dead-letter topic of the run, which the checks do not read."""
    return {
        "hides records of aborted transactions": _attempt(lambda: hides_aborted(topics)),
        "stores offsets sent in transactions": _attempt(lambda: stores_offsets(topics)),
        "fences the older of two producers": _attempt(lambda: fences(topics)),
        "refuses offsets of a member that has left": _attempt(lambda: refuses_former_member(topics)),
    }


def is_exact(promises):
    return all(promises.values())


def text(promise):
    return {True: "yes", False: "no", None: "unknown"}[promise]


def _attempt(body):
    try:
        return body()
    except KafkaException:
        return None


def _producer(topics, identity):
    producer = Producer({"bootstrap.servers": topics.bootstrap, "transactional.id": identity, **QUIET}, logger=SILENT)
    producer.init_transactions(SECONDS)
    return producer


@contextlib.contextmanager
def _member(topics, group):
    consumer = Consumer({
        "bootstrap.servers": topics.bootstrap, "group.id": group, "isolation.level": "read_committed", **QUIET,
        "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000})
    try:
        yield consumer
    finally:
        consumer.close()


def hides_aborted(topics):
    """A record of an aborted transaction, then one of a committed: a reader of committed records sees the second alone."""
    topic, mark = topics.names["dead-letter"], uuid.uuid4().hex
    producer = _producer(topics, mark)
    for text, finish in (("aborted", producer.abort_transaction), ("committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(topic, key=mark, value=text, partition=0)
        producer.flush(SECONDS)
        finish(SECONDS)
    with _member(topics, "probe-" + mark) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        seen, end = [], time.monotonic() + SECONDS
        while "committed" not in seen and time.monotonic() < end:
            message = consumer.poll(0.2)
            if message and not message.error() and message.key() == mark.encode():
                seen.append(message.value().decode())
    return seen == ["committed"]


def _send_offsets(topics, producer, consumer_metadata, offset):
    producer.begin_transaction()
    producer.produce(topics.names["dead-letter"], value="probe", partition=0)
    producer.send_offsets_to_transaction(
        [TopicPartition(topics.names["dead-letter"], 0, offset)], consumer_metadata, SECONDS)
    producer.commit_transaction(SECONDS)


def _joined(topics, consumer):
    consumer.subscribe([topics.names["dead-letter"]])
    end = time.monotonic() + SECONDS
    while not consumer.assignment() and time.monotonic() < end:
        consumer.poll(0.1)
    return bool(consumer.assignment())


def stores_offsets(topics):
    group = "probe-" + uuid.uuid4().hex
    with _member(topics, group) as consumer:
        if not _joined(topics, consumer):
            return None
        _send_offsets(topics, _producer(topics, group), consumer.consumer_group_metadata(), 1)
        stored = consumer.committed([TopicPartition(topics.names["dead-letter"], 0)], SECONDS)
    return stored[0].offset == 1


def fences(topics):
    identity = "probe-" + uuid.uuid4().hex
    older = _producer(topics, identity)
    older.begin_transaction()
    _producer(topics, identity)
    try:
        older.produce(topics.names["dead-letter"], value="probe", partition=0)
        older.flush(SECONDS)
        older.commit_transaction(SECONDS)
    except KafkaException:
        return True
    return False


def refuses_former_member(topics):
    group = "probe-" + uuid.uuid4().hex
    with _member(topics, group) as consumer:
        if not _joined(topics, consumer):
            return None
        former = consumer.consumer_group_metadata()
    producer = _producer(topics, group)
    try:
        _send_offsets(topics, producer, former, 1)
    except KafkaException:
        return True
    return False
