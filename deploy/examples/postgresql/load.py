#!/usr/bin/env python3
"""Loads the files of completed exports into PostgreSQL, each exactly once.

    psql -f schema.sql
    KAFKA_BOOTSTRAP_SERVERS=localhost:9092 PGDATABASE=finance python3 load.py [--until-end] [--retry]

Needs confluent-kafka and psycopg 3, and boto3 for files in S3. The database is the one that libpq's variables (PGHOST,
PGDATABASE, …) name; KAFKA_TOPICS_RESULTS names another results topic, LOADER_GROUP_ID another consumer group.

The rows of a file and the event's `ce_id` are inserted in one transaction, and the offset is committed afterwards: a repeated
event, a crash and a second loader change nothing. A file with unknown or missing columns, with another number of rows or
another SHA-256 than the event says, or with a value that its column does not accept, is refused as a whole: `payout_loads` has
the reason and the event, and `--retry` loads it after you have adapted the table. Other errors, such as a database or a store
that is unreachable, end the program before the offset is committed; start it again and it continues there.
"""

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import sys
import urllib.parse

import confluent_kafka
import psycopg
from psycopg import sql

TABLES = {"payments": "payments", "transactionHistory": "transaction_history"}
COMPLETED = "payout.export.completed"
CHUNK = 1 << 20


class Refused(Exception):
    """Why a file cannot be loaded, whoever tries."""


def normalized(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def open_file(location):
    """The file's bytes, as an object with `read`."""
    parts = urllib.parse.urlsplit(location)
    if parts.scheme == "file":
        return open(urllib.parse.unquote(parts.path), "rb")
    if parts.scheme == "s3":
        import boto3

        return boto3.client("s3").get_object(Bucket=parts.netloc, Key=urllib.parse.unquote(parts.path[1:]))["Body"]
    raise Refused(f"{parts.scheme}:// is a store that this program cannot read; extend open_file")


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
    unknown = [name for name, key in zip(header, names) if key not in known]
    missing = [name for key, name in known.items() if key not in names]
    if unknown or missing or len(set(names)) < len(names):
        raise Refused(f"the header is not that of the table {table}: unknown columns {unknown}, missing columns {missing}")
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


def load(connection, event_id, event):
    """Loads an event's files in one transaction. Returns what happened, for people."""
    table = TABLES[event["kind"]]
    with connection.transaction():
        is_new = connection.execute(
            "INSERT INTO payout_loads (ce_id, job_id, kind, account, finished, status, event)"
            " VALUES (%s, %s, %s, %s, %s, 'loading', %s) ON CONFLICT DO NOTHING",
            [event_id, event["jobId"], event["kind"], event["account"], event["times"]["finished"], json.dumps(event)],
        ).rowcount
        if not is_new:
            return "is loaded already"
        try:
            # A savepoint: a refusal keeps the event and no row.
            with connection.transaction():
                count = sum(copy_file(connection, event_id, table, file) for file in event["files"])
        except (Refused, csv.Error, UnicodeDecodeError, psycopg.DataError) as error:
            reason = str(error)
            connection.execute(
                "UPDATE payout_loads SET status = 'refused', reason = %s WHERE ce_id = %s", [reason, event_id])
            return f"is refused: {reason}"
        connection.execute("UPDATE payout_loads SET status = 'loaded', rows = %s WHERE ce_id = %s", [count, event_id])
        return f"is loaded: {count} rows"


def retry(connection):
    """Loads the refused events again."""
    refused = connection.execute("SELECT ce_id, event FROM payout_loads WHERE status = 'refused' ORDER BY finished").fetchall()
    for event_id, event in refused:
        with connection.transaction():
            connection.execute("DELETE FROM payout_loads WHERE ce_id = %s", [event_id])
            print(event_id, load(connection, event_id, event), flush=True)


def consume(connection, until_end):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": os.environ.get("LOADER_GROUP_ID", "payout-loader"),
        # Without this a consumer sees events of transactions that were aborted.
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": until_end,
    })
    consumer.subscribe([os.environ.get("KAFKA_TOPICS_RESULTS", "payout.export.results")])
    ended = set()
    try:
        while not until_end or not ended or len(ended) < len(consumer.assignment()):
            record = consumer.poll(1.0)
            if record is None:
                continue
            if record.error():
                if record.error().code() != confluent_kafka.KafkaError._PARTITION_EOF:
                    raise confluent_kafka.KafkaException(record.error())
                ended.add(record.partition())
                continue
            headers = dict(record.headers() or [])
            if headers.get("ce_type") == COMPLETED.encode():
                event_id = headers["ce_id"].decode()
                print(event_id, load(connection, event_id, json.loads(record.value())), flush=True)
            consumer.commit(record, asynchronous=False)
    finally:
        consumer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until-end", action="store_true", help="end when all events are read, for a scheduler")
    parser.add_argument("--retry", action="store_true", help="load the refused events again first")
    options = parser.parse_args()
    csv.field_size_limit(sys.maxsize)
    # Every statement outside `transaction()` is a transaction of its own.
    with psycopg.connect(autocommit=True) as connection:
        if options.retry:
            retry(connection)
        consume(connection, options.until_end)


if __name__ == "__main__":
    main()
