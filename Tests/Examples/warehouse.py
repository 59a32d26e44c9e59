"""A PostgreSQL server of its own, a sandbox with a file store, and deploy/examples/postgresql/load.py for the checks that load
files.
"""

import codecs
import contextlib
import csv
import importlib.util
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

from service import Sandbox  # noqa: E402

EXAMPLE = ROOT / "deploy/examples/postgresql"
TABLES = {"payments": "payments", "transactionHistory": "transaction_history"}
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


def check_loaded(server, folder, *kinds):
    """The tables have exactly the rows of the files, which PostgreSQL reads again for this."""
    import psycopg

    for kind in kinds:
        table, stored = TABLES[kind], [path for path in files(folder) if f"/{kind}/" in str(path)]
        with psycopg.connect(host=server.folder, user="loader", dbname="postgres") as connection:
            connection.execute(f"CREATE TEMP TABLE expected (LIKE {table})")
            connection.execute("ALTER TABLE expected DROP COLUMN ce_id")
            names = {name.replace("_", ""): name for name, in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'expected'")}
            for path in stored:
                header = ", ".join(names[name.lower()] for name in records(path)[0])
                with connection.cursor().copy(f"COPY expected ({header}) FROM STDIN (FORMAT csv, HEADER)") as copy:
                    copy.write(path.read_bytes().removeprefix(codecs.BOM_UTF8))
            columns = ", ".join(names.values())
            for left, right, what in ((table, "expected", "only loaded"), ("expected", table, "only in the files")):
                rows = connection.execute(
                    f"SELECT {columns} FROM {left} EXCEPT ALL SELECT {columns} FROM {right} LIMIT 3").fetchall()
                expect(rows == [], f"{kind}: {what}: {rows}")
            count, = connection.execute("SELECT count(*) FROM expected").fetchone()
            expect(count > 2, f"{kind}: the sandbox's files are too small for a test")


@contextlib.contextmanager
def running(worker, folder, *arguments):
    """A server with the example's tables, a sandbox, and the settings of workers with a file store in the folder."""
    stored, database = pathlib.Path(folder, "files"), pathlib.Path(folder, "database")
    stored.mkdir()
    database.mkdir()
    with contextlib.ExitStack() as stack:
        server = Server(str(database))
        stack.callback(server.stop)
        server.start()
        print((database / "data/postmaster.pid").read_text().split()[0], flush=True)
        server.query((EXAMPLE / "schema.sql").read_text())
        sandbox = Sandbox(worker, arguments)
        stack.callback(sandbox.stop)
        settings = {**sandbox.settings, "FILES_LOCATION": f"file://{urllib.parse.quote(str(stored))}", "HTTP_PORT": "0",
                    "WORKER_POLL_MIN_INTERVAL": "100ms", "WORKER_POLL_MAX_INTERVAL": "500ms"}
        yield server, sandbox, settings, stored


def main(run):
    """Calls `run` with the worker's executable and an empty folder, where everything that it needs is installed."""
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

