"""Processes that run beside a check: started, read, measured and stopped."""

import collections
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

TICKS = os.sysconf("SC_CLK_TCK")
OURS = ("WORKER_", "PAYOUT_", "FILES_", "HTTP_", "LOG_", "KAFKA_")


def worker_environment(settings):
    """This process's environment without a worker's settings, and with the given ones."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(OURS)}, **settings}


def free_port():
    """A free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_local(servers):
    """Whether a list of brokers names this machine only."""
    return all(server.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]") for server in servers.split(","))


class Child:
    """A process, its output and its resources."""

    def __init__(self, arguments, environment=None, log=None, output=None):
        """Its standard output goes to a file, or is read here."""
        self.arguments = [str(argument) for argument in arguments]
        self.log = open(log, "ab") if log else None
        self.output = open(output, "wb") if output else None
        self.process = subprocess.Popen(
            self.arguments, env=environment, stdin=subprocess.PIPE, stdout=self.output or subprocess.PIPE,
            stderr=self.log or subprocess.DEVNULL, text=True)
        self.pid = self.process.pid

    def read(self, is_last, seconds=60):
        """Lines up to the one that `is_last` accepts; the rest is read and discarded."""
        lines = []
        guard = threading.Timer(seconds, self.process.kill)
        guard.start()
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if is_last(lines[-1]):
                break
        guard.cancel()
        self.ignore_output()
        if not lines or not is_last(lines[-1]):
            raise RuntimeError(f"{pathlib.Path(self.arguments[0]).name} {' '.join(self.arguments[1:2])} did not become ready")
        return lines

    def ignore_output(self):
        threading.Thread(target=lambda: collections.deque(self.process.stdout, maxlen=0), daemon=True).start()

    # Resources

    def cpu_seconds(self, thread=None):
        """CPU time, user and system, of all its threads or of those with a name, which must exist."""
        whole = pathlib.Path(f"/proc/{self.pid}")
        found = []
        for folder in whole.glob("task/*") if thread else [whole]:
            # Threads end at any time.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                name, fields = (folder / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
                if thread in (None, name):
                    found.append(sum(map(int, fields.split()[11:13])))
        if thread and not found:
            raise RuntimeError(f"{pathlib.Path(self.arguments[0]).name} has no thread called {thread}")
        return sum(found) / TICKS

    def resident_bytes(self):
        return self.status("VmRSS") * 1024

    def peak_bytes(self):
        return self.status("VmHWM") * 1024

    def threads(self):
        return self.status("Threads")

    def handles(self):
        """Open files and sockets."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE).group(1))

    # Stopping

    @property
    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.close()

    def stop(self, seconds=60):
        """Sends SIGTERM, then SIGKILL if necessary. Returns the exit status, or None after SIGKILL."""
        status = self.process.poll()
        if status is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                status = self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.close()
        return status

    def close(self):
        for stream in (self.process.stdin, self.log, self.output):
            with contextlib.suppress(OSError, ValueError):
                if stream:
                    stream.close()
