"""The processes around the dashboard: sandbox, worker, browser."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request

from browser import require


DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


class Fixture:
    """The processes: sandbox, worker, browser."""

    def __init__(self, arguments, folder):
        self.binary, self.folder = arguments.binary, pathlib.Path(folder)
        self.processes = []
        self.environment = {}

    def start(self, name, command, environment=None):
        out, err = open(self.folder / f"{name}.out", "wb"), open(self.folder / f"{name}.err", "wb")
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        self.processes.append(process)
        return process

    def wait_for_output(self, name, pattern, limit=60):
        end = time.monotonic() + limit
        while True:
            for kind in ("out", "err"):
                match = re.search(pattern, (self.folder / f"{name}.{kind}").read_text(errors="replace"))
                if match:
                    return match
            require(time.monotonic() < end, f"{name} did not print {pattern}: " + (self.folder / f"{name}.err").read_text()[-2000:])
            time.sleep(0.1)

    def sandbox(self, *flags):
        """Starts a sandbox and adds its variables to the environment of the commands."""
        self.start("sandbox", [self.binary, "sandbox", *flags])
        self.wait_for_output("sandbox", r"Serving until interrupted")
        for line in (self.folder / "sandbox.out").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = value.strip("'\"")
        self.environment["PATH"] = os.environ["PATH"]
        if library := os.environ.get("LD_LIBRARY_PATH"):
            self.environment["LD_LIBRARY_PATH"] = library

    def worker(self, arguments):
        speed = "realistic" if arguments.measure else "demo"
        brokers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        kafka = ["--no-kafka"] if brokers else ["--kafka-partitions", "6"]
        self.sandbox("--speed", speed, *kafka)
        if brokers:
            name = f"dashboard-{os.getpid()}"
            self.environment |= {"KAFKA_BOOTSTRAP_SERVERS": brokers, "KAFKA_GROUP_ID": name}
            for topic in ("JOBS", "RESULTS", "STATE", "DEAD_LETTER"):
                self.environment[f"KAFKA_TOPICS_{topic}"] = f"{name}.{topic.lower().replace('_', '-')}"
        files = self.folder / "files"
        files.mkdir()
        (self.folder / "refresh-tokens").mkdir(mode=0o700)
        self.environment |= {
            "HTTP_PORT": "0", "HTTP_ADMIN_TOKEN": "correct-horse-battery", "LOG_FORMAT": "json", "FILES_LOCATION": f"file://{files}",
            "WORKER_ID": getattr(arguments, "worker_id", "browser-test"),
            "PAYOUT_API_REFRESH_TOKEN_SAVED_IN": f"{self.folder}/refresh-tokens/", "PAYOUT_API_REQUESTS_PER_SECOND": "60",
            "WORKER_MAX_PENDING": "1000000" if arguments.measure else "10000",
        }
        if grafana := getattr(arguments, "grafana", None):
            self.environment["HTTP_GRAFANA_URL"] = grafana
        if brokers:
            self.command("topics", "create", "--partitions", "6")
        self.worker_process = self.start("worker", [self.binary, "run"], self.environment)
        port = self.wait_for_output("worker", r'"message":"The console listens[^\n]*"port":"(\d+)"').group(1)
        return f"http://127.0.0.1:{port}/"

    def command(self, *arguments, text=None):
        subprocess.run(
            [self.binary, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            input=text, text=True,
        )

    def faults(self, faults):
        url = self.environment["PAYOUT_API_BASE_URL"] + "/_sandbox/faults"
        body = json.dumps({"faults": faults}).encode()
        request = urllib.request.Request(url, data=body, method="PUT", headers={"content-type": "application/json"})
        urllib.request.urlopen(request, timeout=30).read()

    def browser(self):
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if chromium is None:
            return None
        self.start(
            "browser",
            [
                chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--remote-debugging-port=0", f"--user-data-dir={self.folder}/profile", "--hide-scrollbars", "about:blank",
            ],
        )
        return self.wait_for_output("browser", r"DevTools listening on (ws://\S+)").group(1)

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
