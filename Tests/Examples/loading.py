#!/usr/bin/env python3
"""Runs deploy/examples/postgresql against a sandbox, a worker and a PostgreSQL server of its own.

    loading.py PAYOUT_WORKER
    loading.py --check        only whether the server and the packages are there

Prints the process id of the server when it runs. Exits with 77 and a reason where the server or a Python package is missing.
"""

import contextlib
import csv
import importlib.util
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Processes"))

from processes import Child, worker_environment  # noqa: E402
from service import Sandbox  # noqa: E402

EXAMPLE = ROOT / "deploy/examples/postgresql"
TABLES = {"payments": "payments", "transactionHistory": "transaction_history"}
COMPLETED = "payout.export.completed"
# The status of the loader when a file is refused or an event reports a failure.
REFUSED = 65
# Bounds a hang only.
PATIENCE = 600


def skip(reason):
    print(reason)
    sys.exit(77)


def programs():
    """The folder with PostgreSQL's programs; Debian keeps them out of the PATH."""
    found = shutil.which("initdb")
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return pathlib.Path(found).parent if found else folders[-1] if folders else None


class Server:
    """A PostgreSQL server on a Unix socket in a folder of its own, run by a user that is not root."""

    def __init__(self, folder):
        self.programs, self.folder = programs(), folder
        self.user = None
        if os.geteuid() == 0:
            # The server refuses to run as root. Debian's package makes this user.
            self.user = pwd.getpwnam("postgres")
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        self.environment = {**os.environ, "PGHOST": folder, "PGUSER": "loader", "PGDATABASE": "postgres", "TZ": "UTC"}

    def start(self):
        folder = self.folder
        self.run("initdb", "--pgdata", f"{folder}/data", "--username", "loader", "--auth", "trust", "--encoding", "UTF8",
                 "--no-sync", "--no-locale")
        self.run("pg_ctl", "start", "--pgdata", f"{folder}/data", "--wait", "--timeout", str(PATIENCE), "--log", f"{folder}/log",
                 "--options", f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off")

    def run(self, program, *arguments):
        identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run([self.programs / program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.folder, timeout=PATIENCE, text=True, **identity)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout[-2000:]}")

    def stop(self):
        if pathlib.Path(self.folder, "data/postmaster.pid").exists():
            self.run("pg_ctl", "stop", "--pgdata", f"{self.folder}/data", "--mode", "immediate")

    def query(self, text):
        import psycopg

        with psycopg.connect(host=self.folder, user="loader", dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []


def enqueue(worker, settings, job, kind, *more):
    done = subprocess.run([worker, "enqueue", "--job-id", job, "--kind", kind, "--wait", "--output", "json", *more],
                          env=worker_environment(settings), stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
    document = json.loads(done.stdout)
    return document[0] if isinstance(document, list) else document


def load(server, settings, *arguments, group="loader", status=0):
    """Runs the example; returns what it printed, by event: to standard output, or to standard error when it has that status."""
    environment = {**server.environment, **settings, "LOADER_GROUP_ID": group}
    done = subprocess.run([sys.executable, EXAMPLE / "load.py", "--until-end", *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    expect(done.returncode == status, f"load.py ended with {done.returncode}, not {status}: {done.stderr[-2000:]}")
    printed = done.stderr if status else done.stdout
    return dict(line.split(" ", 1) for line in printed.splitlines())


def expect(condition, problem):
    if not condition:
        raise AssertionError(problem)


def files(folder):
    return [path for path in pathlib.Path(folder).rglob("*.csv")]


def records(path):
    with open(path, encoding="utf-8-sig", newline="") as text:
        return [record for record in csv.reader(text) if record]


def totals(server):
    return {kind: server.query(f"SELECT count(*) FROM {table}")[0][0] for kind, table in TABLES.items()}


def check_loaded(server, folder):
    """The tables have exactly the rows of the files."""
    found = totals(server)
    for kind, table in TABLES.items():
        stored = [record for path in files(folder) if f"/{kind}/" in str(path) for record in records(path)[1:]]
        expect(len(stored) > 2, f"{kind}: the sandbox's files are too small for a test")
        expect(found[kind] == len(stored), f"{kind}: {found[kind]} rows are loaded, the files have {len(stored)}")
        key = "payment_id" if kind == "payments" else "earning_id"
        loaded = sorted(value for value, in server.query(f"SELECT {key} FROM {table}"))
        expect(loaded == sorted(record[0] for record in stored), f"{kind}: other ids are loaded than the files have")


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
    stored = pathlib.Path(folder, "files")
    stored.mkdir()
    with contextlib.ExitStack() as stack:
        database = pathlib.Path(folder, "database")
        database.mkdir()
        server = Server(str(database))
        stack.callback(server.stop)
        server.start()
        print((database / "data/postmaster.pid").read_text().split()[0], flush=True)
        server.query((EXAMPLE / "schema.sql").read_text())
        sandbox = Sandbox(worker, ["--speed", "instant"])
        stack.callback(sandbox.stop)
        settings = {**sandbox.settings, "FILES_LOCATION": f"file://{urllib.parse.quote(str(stored))}", "HTTP_PORT": "0",
                    "WORKER_POLL_MIN_INTERVAL": "100ms", "WORKER_POLL_MAX_INTERVAL": "500ms"}
        child = Child([worker, "run"], worker_environment(settings))
        stack.callback(child.stop)
        child.ignore_output()
        for number, kind in enumerate(TABLES, 1):
            enqueue(worker, settings, f"loading-{number}", kind)
        printed = load(server, settings)
        expect(len(printed) == 2 and all(text.startswith("is loaded: ") for text in printed.values()), f"loaded: {printed}")
        check_loaded(server, stored)
        check_repeated(server, settings)
        check_header(server, settings, worker)
        check_damage(server, settings, worker, stored)
        check_missing(server, settings, worker, stored)
        check_other_events(server, settings, worker)
        check_repeated_columns(server)


def main():
    if programs() is None:
        skip("PostgreSQL's server is not installed; `.ci/setup --postgresql` installs it")
    for module in ("psycopg", "confluent_kafka"):
        if importlib.util.find_spec(module) is None:
            skip(f"there is no Python with {module}; `make test` sets one up")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            skip("root cannot run PostgreSQL's server, and there is no user postgres")
    if sys.argv[1:] == ["--check"]:
        return
    # The server must not outlive this process: the end of the interpreter stops it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A Unix socket's path is short.
    folder = tempfile.mkdtemp(prefix="load-", dir="/tmp")
    os.chmod(folder, 0o755)
    began = time.monotonic()
    try:
        run(pathlib.Path(sys.argv[1]).resolve(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"ok ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
