#!/usr/bin/env python3
"""Runs deploy/examples/postgresql against a sandbox, a worker and a PostgreSQL server of its own.

    loading.py PAYOUT_WORKER
    loading.py --check        only whether the server and the packages are there

Prints the process id of the server when it runs. Exits with 77 and a reason where the server or a Python package is missing.
"""

import importlib.util
import json
import subprocess

from warehouse import EXAMPLE, PATIENCE, ROOT, TABLES, check_loaded, expect, files, load, main, running, totals

from processes import Child, worker_environment

COMPLETED = "payout.export.completed"
# The status of the loader when a file is refused or an event reports a failure.
REFUSED = 65


def enqueue(worker, settings, job, kind, *more):
    done = subprocess.run([worker, "enqueue", "--job-id", job, "--kind", kind, "--wait", "--output", "json", *more],
                          env=worker_environment(settings), stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
    # A line for each event; that of a batch follows those of its jobs.
    return json.loads(done.stdout.splitlines()[0])


def check_repeated(server, settings):
    """Another consumer group receives every event again, and changes nothing."""
    before = totals(server)
    printed = load(server, settings, group="loader-2")
    expect(len(printed) == 2 and all(text == "is loaded already" for text in printed.values()), f"repeated: {printed}")
    expect(totals(server) == before, "a repeated event has changed the tables")


def check_header(server, settings, worker):
    """A file with a column that the table lacks is refused as a whole, and loaded after the table was adapted."""
    before = totals(server)
    server.query("ALTER TABLE payments DROP COLUMN sales_tax CASCADE")
    enqueue(worker, settings, "loading-3", "payments")
    refused = load(server, settings, status=REFUSED)
    expect(any("unknown columns ['salesTax']" in text for text in refused.values()), f"not refused: {refused}")
    expect(totals(server) == before, "a refused file has left rows")
    received = load(server, settings, group="loader-3", status=REFUSED)
    expect(list(received.values()) == ["is refused already"], f"a refused event received again: {received}")
    server.query("ALTER TABLE payments ADD COLUMN sales_tax numeric")
    printed = load(server, settings, "--retry")
    expect(any(text.startswith("is loaded: ") for text in printed.values()), f"not loaded again: {printed}")
    expect(totals(server)["payments"] > before["payments"], "the refused file is not loaded")


def check_damage(server, settings, worker, folder):
    """A file that is not the event's is refused."""
    known, before = set(files(folder)), totals(server)
    enqueue(worker, settings, "loading-4", "payments")
    changed = (set(files(folder)) - known).pop()
    with open(changed, "ab") as file:
        file.write(b"\n\n")
    refused = load(server, settings, status=REFUSED)
    expect(any("the file is not the event's" in text for text in refused.values()), f"not refused: {refused}")
    expect(totals(server) == before, "a damaged file has left rows")


def check_missing(server, settings, worker, folder):
    """A file that is not there is refused, and loaded when it is back."""
    known, before = set(files(folder)), totals(server)
    enqueue(worker, settings, "loading-5", "payments")
    missing = (set(files(folder)) - known).pop()
    missing.rename(missing.with_suffix(".away"))
    refused = load(server, settings, status=REFUSED)
    expect([text for text in refused.values() if "there is no file file://" in text], f"not refused: {refused}")
    missing.with_suffix(".away").rename(missing)
    # The damaged file stays refused.
    load(server, settings, "--retry", status=REFUSED)
    expect(totals(server)["payments"] > before["payments"], "the file is not loaded after it is back")


def event(name, **changes):
    """A completed event of a worker without a file store, as the project's golden sample has it."""
    sample = json.loads((ROOT / "schemas/golden/events/completed-url.json").read_text())
    return {**sample, "jobId": name, **changes}


def publish(settings, name, kind, document):
    import confluent_kafka

    producer = confluent_kafka.Producer({"bootstrap.servers": settings["KAFKA_BOOTSTRAP_SERVERS"]})
    headers = {"ce_id": name, "ce_type": kind}
    producer.produce("payout.export.results", key=name, value=json.dumps(document), headers=headers)
    expect(producer.flush(PATIENCE) == 0, f"{name} is not published")


def check_other_events(server, settings, worker):
    """Neither a batch nor an event with U+0000 stops the loader; signed URLs are not stored; failures are reported."""
    before = totals(server)
    enqueue(worker, settings, "loading-6", "payments", "--batch", "loading")
    publish(settings, "nul", COMPLETED, event("nul", metadata={"a": "b\0\ud800"}))
    publish(settings, "failure", "payout.export.failed",
            event("failure", status="failed", files=[], error={"code": "exportFailed", "message": "three times", "details": []}))
    printed = load(server, settings, status=REFUSED)
    expect(printed.get("failure") == "failed: exportFailed: three times", f"no failure: {printed}")
    expect("no file store" in printed.get("nul", ""), f"not refused: {printed}")
    expect(totals(server)["payments"] > before["payments"], "the batch's job is not loaded")
    stored = " ".join(text for text, in server.query("SELECT event::text FROM payout_loads"))
    expect("sig=" not in stored and "https://" not in stored, "a signed URL is stored")
    # Everything is read, so a further run receives nothing.
    expect(load(server, settings) == {}, "--until-end reads events again")


def check_adopted(server, settings, worker):
    """An export that is older than another, and adopted later, has no line in the view of the newest figures."""
    chosen = ["--filter", "paymentId eq '100000000001'"]
    done = subprocess.run([worker, "export", "create", "--kind", "payments", "--output", "json", *chosen],
                          env=worker_environment(settings), stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
    old = json.loads(done.stdout)["requestId"]
    enqueue(worker, settings, "loading-7", "payments", *chosen)
    enqueue(worker, settings, "loading-8", "payments", "--request-id", old)
    load(server, settings)
    for table, wanted in ("payments", {"loading-7", "loading-8"}), ("payments_current", {"loading-7"}):
        jobs = {job for job, in server.query(
            f"SELECT job_id FROM {table} JOIN payout_loads USING (ce_id) WHERE payment_id = '100000000001'")}
        expect(jobs == wanted, f"{table}: the lines are of {sorted(jobs)}, not of {sorted(wanted)}")


def check_repeated_columns(server):
    """A column that the header has twice is named."""
    loader = importlib.util.spec_from_file_location("load", EXAMPLE / "load.py")
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    import psycopg

    with psycopg.connect(host=server.folder, user="loader", dbname="postgres") as connection:
        known = [name for name, in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'payments' AND column_name <> 'ce_id'")]
        try:
            module.column_names(connection, "payments", [*known, "PaymentId", "payment_ID"])
        except module.Refused as error:
            expect(str(error).endswith("repeated columns ['payment_id', 'PaymentId', 'payment_ID']"), str(error))
            return
    expect(False, "a repeated column is not refused")


def run(worker, folder):
    with running(worker, folder, "--speed", "instant") as (server, _, settings, stored):
        child = Child([worker, "run"], worker_environment(settings))
        try:
            child.ignore_output()
            check(server, settings, worker, stored)
        finally:
            child.stop()


def check(server, settings, worker, stored):
    for number, kind in enumerate(TABLES, 1):
        enqueue(worker, settings, f"loading-{number}", kind)
    printed = load(server, settings)
    expect(len(printed) == 2 and all(text.startswith("is loaded: ") for text in printed.values()), f"loaded: {printed}")
    check_loaded(server, stored, *TABLES)
    check_repeated(server, settings)
    check_adopted(server, settings, worker)
    check_header(server, settings, worker)
    check_damage(server, settings, worker, stored)
    check_missing(server, settings, worker, stored)
    check_other_events(server, settings, worker)
    check_repeated_columns(server)


if __name__ == "__main__":
    main(run)
