#!/usr/bin/env python3
"""Loads the files of completed exports into PostgreSQL, each exactly once.

    psql -f schema.sql
    KAFKA_BOOTSTRAP_SERVERS=localhost:9092 PGDATABASE=finance python3 load.py [--until-end] [--retry]

Needs confluent-kafka and psycopg 3, and boto3 for files in S3. The database is the one that libpq's variables (PGHOST,
PGDATABASE, …) name; KAFKA_CLIENT_… are the worker's own variables for brokers with authentication; KAFKA_TOPICS_RESULTS names
another results topic, LOADER_GROUP_ID another consumer group.

The rows of a file and the event's `ce_id` are inserted in one transaction, and the offset is committed afterwards: a repeated
event, a crash and a second loader change nothing. A file that is missing, that has unknown, missing or repeated columns, or
another number of rows or another SHA-256 than the event says, or a value that its column does not accept, is refused as a
whole: `payout_loads` has the reason and the event, and `--retry` loads it after you have removed the cause. Other errors, such
as a database or a store that is unreachable, end the program before the offset is committed; start it again and it continues
there.

Loaded files are printed to standard output, refused ones to standard error, and so are events that report a failure. With
`--until-end` the program ends when it has read all events that were committed before its start; it needs a group without
running members. Exit status: 0 if every event was loaded, 65 if a file was refused or an event reported a failure, 1 after any
other error.
"""

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import urllib.parse

import confluent_kafka
import psycopg
from psycopg import sql

TABLES = {"payments": "payments", "transactionHistory": "transaction_history"}
COMPLETED = "payout.export.completed"
FAILURES = {"payout.export.failed", "payout.export.cancelled", "payout.export.rejected"}
CHUNK = 1 << 20
REFUSED_STATUS = 65


class Refused(Exception):
    """Why a file cannot be loaded, until its cause is removed."""


def normalized(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def printable(text):
    """The text without what PostgreSQL and terminals do not accept."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(text.split()))


def open_file(location):
    """The file's bytes, as an object with `read`."""
    scheme, _, path = location.partition("://")
    if scheme == "file":
        try:
            return open(urllib.parse.unquote(path), "rb")
        except FileNotFoundError:
            raise Refused(f"there is no file {location}") from None
    if scheme == "s3":
        import boto3

        # An object's location is its key, without escapes.
        bucket, _, key = path.partition("/")
        client = boto3.client("s3")
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"]
        except client.exceptions.NoSuchKey:
            raise Refused(f"there is no object {location}") from None
    raise Refused(f"{scheme}:// is a store that this program cannot read; extend open_file")


class Digesting(io.RawIOBase):
    """A stream of bytes whose SHA-256 is computed while it is read."""

    def __init__(self, stream):
        self.stream, self.digest = stream, hashlib.sha256()

    def readable(self):
        return True

    def readinto(self, buffer):
        chunk = self.stream.read(len(buffer))
        buffer[:len(chunk)] = chunk
        self.digest.update(chunk)
        return len(chunk)


def column_names(connection, table, header):
    """The table's columns in the order of the header; refuses a header that is not the table's."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s", [table])
    known = {normalized(name): name for name, in rows if name != "ce_id"}
    names = [normalized(name) for name in header]
    problems = {
        "unknown": [name for name, key in zip(header, names) if key not in known],
        "missing": [name for key, name in known.items() if key not in names],
        "repeated": list(dict.fromkeys(name for name, key in zip(header, names) if names.count(key) > 1)),
    }
    if any(problems.values()):
        found = ", ".join(f"{kind} columns {columns}" for kind, columns in problems.items() if columns)
        raise Refused(f"the header is not that of the table {table}: {found}")
    return [known[key] for key in names]


def copy_file(connection, event_id, table, file):
    """Copies a file's rows into the table; returns how many."""
    content = file.get("content")
    if not file["stored"]:
        raise Refused("the worker has no file store: its event has the service's own URL, which expires")
    if content is None:
        raise Refused(f"{file['fileName']} is no delimited text ({file['mediaType']})")
    if content["rows"] is None:
        raise Refused("a quoted field of the file does not end")
    if content["encoding"] is None:
        raise Refused("the file's encoding is unknown")
    if content["headerSha256"] is None:
        return 0
    count = 0
    with contextlib.closing(open_file(file["location"])) as stream:
        source = Digesting(stream)
        # Both encodings skip a byte order mark. Line ends in quoted fields stay as they are.
        encoding = "utf-8-sig" if content["encoding"] == "utf-8" else "utf-16"
        text = io.TextIOWrapper(io.BufferedReader(source, CHUNK), encoding=encoding, newline="")
        records = (record for record in csv.reader(text, delimiter=content["delimiter"]) if record)
        header = next(records, [])
        names = column_names(connection, table, header)
        if content["columns"] not in (None, header):
            raise Refused("the header is not the one that the event names")
        command = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, [*names, "ce_id"])))
        with connection.cursor().copy(command) as copy:
            for record in records:
                count += 1
                if len(record) != len(header):
                    raise Refused(f"row {count} has {len(record)} fields, and the header has {len(header)}")
                copy.write_row([value or None for value in record] + [event_id])
    if count != content["rows"] or source.digest.hexdigest() != file["sha256"]:
        raise Refused(f"the file is not the event's: {count} rows for {content['rows']}, SHA-256 {source.digest.hexdigest()}")
    return count


def without_signatures(event):
    """The event without the service's own URLs, each of which gives access to its file until it expires."""
    files = [file if file["stored"] else {**file, "location": None} for file in event["files"]]
    return {**event, "files": files}


def load(connection, event_id, event):
    """Loads an event's files in one transaction. Returns whether they are loaded, and what happened, for people."""
    table = TABLES[event["kind"]]
    with connection.transaction():
        is_new = connection.execute(
            "INSERT INTO payout_loads (ce_id, job_id, kind, account, submitted, finished, status, event)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'loading', %s) ON CONFLICT DO NOTHING",
            [event_id, event["jobId"], event["kind"], event["account"], event["times"]["submitted"], event["times"]["finished"],
             json.dumps(without_signatures(event))],
        ).rowcount
        if not is_new:
            status, = connection.execute("SELECT status FROM payout_loads WHERE ce_id = %s", [event_id]).fetchone()
            return status == "loaded", f"is {status} already"
        try:
            # A savepoint: a refusal keeps the event and no row.
            with connection.transaction():
                count = sum(copy_file(connection, event_id, table, file) for file in event["files"])
        except (Refused, csv.Error, UnicodeDecodeError, psycopg.DataError) as error:
            reason = printable(str(error))
            connection.execute(
                "UPDATE payout_loads SET status = 'refused', reason = %s WHERE ce_id = %s", [reason, event_id])
            return False, f"is refused: {reason}"
        connection.execute("UPDATE payout_loads SET status = 'loaded', rows = %s WHERE ce_id = %s", [count, event_id])
        return True, f"is loaded: {count} rows"


def report(event_id, is_good, text):
    print(event_id, text, file=sys.stdout if is_good else sys.stderr, flush=True)
    return is_good


def retry(connection):
    """Loads the refused events again. Returns whether all are loaded."""
    refused = connection.execute("SELECT ce_id, event FROM payout_loads WHERE status = 'refused' ORDER BY finished").fetchall()
    are_good = True
    for event_id, event in refused:
        with connection.transaction():
            connection.execute("DELETE FROM payout_loads WHERE ce_id = %s", [event_id])
            outcome = load(connection, event_id, event)
        are_good &= report(event_id, *outcome)
    return are_good


def apply(connection, record):
    """Handles a record of the results topic. Returns false if it reports a failure or its file is refused."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers() or []}
    kind, event_id = headers.get("ce_type"), headers.get("ce_id")
    # The event of a batch lists jobs that have events of their own.
    if kind == COMPLETED:
        return report(event_id, *load(connection, event_id, json.loads(record.value())))
    if kind in FAILURES:
        event = json.loads(record.value())
        error = event["error"] or {"code": "none", "message": "by a command"}
        return report(event_id, False, f"{event['status']}: {error['code']}: {printable(error['message'])}")
    return True


def client_settings():
    """librdkafka's properties in the variables KAFKA_CLIENT_…, as the worker reads them."""
    found = {}
    for name, value in os.environ.items():
        if match := re.fullmatch(r"KAFKA_CLIENT_(.*?)(_FILE)?", name):
            found[match[1].lower().replace("_", ".")] = pathlib.Path(value).read_text().strip() if match[2] else value
    return found


def ends(consumer, topic):
    """The partitions of the topic that have records, each with its present end."""
    metadata = consumer.list_topics(topic, timeout=60).topics[topic]
    if metadata.error:
        raise confluent_kafka.KafkaException(metadata.error)
    found = {}
    for partition in metadata.partitions:
        first, end = consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, partition), timeout=60)
        if first < end:
            found[partition] = end
    return found


def consume(connection, until_end):
    """Reads events. Returns whether every event was loaded."""
    consumer = confluent_kafka.Consumer({
        **client_settings(),
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": os.environ.get("LOADER_GROUP_ID", "payout-loader"),
        # Without this a consumer sees events of transactions that were aborted.
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": until_end,
    })
    topic = os.environ.get("KAFKA_TOPICS_RESULTS", "payout.export.results")
    are_good = True
    try:
        left = ends(consumer, topic) if until_end else {}
        if until_end:
            # Assigned, not subscribed: a run reads all partitions, also beside another one. An event is loaded once all the same.
            consumer.assign([confluent_kafka.TopicPartition(topic, partition) for partition in left])
        else:
            consumer.subscribe([topic])
        while left or not until_end:
            record = consumer.poll(1.0)
            if record is None:
                continue
            if record.error():
                # Reported at the end of what is committed: the last offsets may be markers of transactions, or open ones.
                if record.error().code() != confluent_kafka.KafkaError._PARTITION_EOF:
                    raise confluent_kafka.KafkaException(record.error())
                left.pop(record.partition(), None)
                continue
            if not until_end or record.offset() < left.get(record.partition(), 0):
                are_good &= apply(connection, record)
                consumer.commit(record, asynchronous=False)
            if until_end and record.offset() + 1 >= left.get(record.partition(), 0):
                left.pop(record.partition(), None)
    finally:
        consumer.close()
    return are_good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until-end", action="store_true", help="end when all events are read, for a scheduler")
    parser.add_argument("--retry", action="store_true", help="load the refused events again first")
    options = parser.parse_args()
    csv.field_size_limit(sys.maxsize)
    # Every statement outside `transaction()` is a transaction of its own.
    with psycopg.connect(autocommit=True) as connection:
        are_good = retry(connection) if options.retry else True
        are_good &= consume(connection, options.until_end)
    return 0 if are_good else REFUSED_STATUS


if __name__ == "__main__":
    sys.exit(main())
