"""What the checks of deploy/ share: a sandbox and workers as processes, free ports, waiting for a condition."""

import contextlib
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=60):
    """Waits until the condition holds; returns its last result."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


def bare_environment(**more):
    """An environment as a service manager sets it: only the path of this shell."""
    return {"PATH": os.environ["PATH"], **more}


@contextlib.contextmanager
def process(arguments, environment, folder, name):
    """Runs a program with its output in files; stops it gracefully and reports a program that does not stop."""
    out, err = pathlib.Path(folder, name + ".out"), pathlib.Path(folder, name + ".err")
    with out.open("wb") as o, err.open("wb") as e:
        running = subprocess.Popen(arguments, env=environment, stdout=o, stderr=e, cwd="/", start_new_session=True)
    running.output, running.errors = out, err
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
            try:
                running.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


@contextlib.contextmanager
def sandbox(worker, folder):
    """An embedded broker and the API; yields the variables that point a worker at them."""
    with process([worker, "sandbox", "--port", "0"], bare_environment(), folder, "sandbox") as running:
        def exported():
            if running.poll() is not None:
                raise SystemExit("the sandbox has ended: " + running.errors.read_text())
            found = dict(re.findall(r"^export ([A-Z_]+)=(.*)$", running.output.read_text(), re.M))
            return found if "WORKER_POLL_MAX_INTERVAL" in found else None

        yield {name: shlex.split(value)[0] for name, value in wait_for("the sandbox's start", exported).items()}


def status(port, path):
    """The status code of a GET, or None when no server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def temporary():
    return tempfile.TemporaryDirectory(prefix="check-deploy-")
