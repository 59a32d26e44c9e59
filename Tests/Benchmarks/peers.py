"""The workers that ours is compared with, and the fast stand-in for the service. The programs in Go are built where the Go
compiler and its Kafka client are installed."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.request

from machine import ROOT
from processes import Child, worker_environment

SOURCES = pathlib.Path(__file__).resolve().parent / "Peers"
# Debian's packages of Go libraries are here.
LIBRARIES = "/usr/share/gocode"
CLIENT = "src/github.com/confluentinc/confluent-kafka-go/kafka"
PYTHON = [sys.executable, SOURCES / "python_worker.py"]


class Peers:
    """`go` and `api` are the programs in Go, or None; `missing` says why."""

    def __init__(self, folder=ROOT / ".build/peers"):
        self.go = self.api = self.missing = None
        libraries = os.environ.get("GOPATH", LIBRARIES)
        if not shutil.which("go"):
            self.missing = "there is no Go compiler (Debian: golang-go)"
        elif not any((pathlib.Path(path) / CLIENT).is_dir() for path in libraries.split(":")):
            self.missing = f"{libraries} has no Kafka client (Debian: golang-github-confluentinc-confluent-kafka-go-dev)"
        else:
            self.build(folder, {**os.environ, "GO111MODULE": "off", "GOPATH": libraries, "GOFLAGS": ""})

    def build(self, folder, environment):
        built = {}
        for name in ("GoWorker", "FastAPI"):
            built[name] = folder / name
            done = subprocess.run(["go", "build", "-o", built[name], f"./{name}"], cwd=SOURCES, env=environment,
                                  stderr=subprocess.PIPE, text=True)
            if done.returncode:
                self.missing = f"{name} cannot be built: {done.stderr.strip()}"
                return
        self.go, self.api = [built["GoWorker"]], built["FastAPI"]

    def commands(self):
        """The command of each peer by its name."""
        return {**({"Go worker": self.go} if self.go else {}), "Python worker": PYTHON}


class FastAPI(Child):
    """A service that costs little. It has no journal and no faults; the sandbox has."""

    def __init__(self, program):
        super().__init__([program], worker_environment({}))
        self.name = "fast API"
        self.url = self.read(lambda line: line.startswith("http://"))[-1]

    def answered(self):
        """The number of answered API calls, without tokens."""
        with urllib.request.urlopen(self.url + "/stats", timeout=60) as answer:
            return json.load(answer)["answered"]
