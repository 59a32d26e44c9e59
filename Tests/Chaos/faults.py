"""The injected faults: of the service's calls, and of the broker."""

import random
import subprocess
import time

API_FAULTS = [
    {"kind": "status", "status": 503, "probability": 0.05, "calls": ["create", "get", "delete"]},
    {"kind": "status", "status": 429, "probability": 0.01, "retryAfterSeconds": 1, "calls": ["create", "get"]},
    {"kind": "status", "status": 500, "probability": 0.02, "afterEffect": True, "calls": ["create"]},
    {"kind": "lostAnswer", "probability": 0.05, "calls": ["create", "get"]},
    {"kind": "closed", "probability": 0.02, "calls": ["create", "get"]},
    {"kind": "slow", "milliseconds": 800, "probability": 0.05, "calls": ["create", "get"]},
    {"kind": "status", "status": 503, "probability": 0.02, "calls": ["token"]},
    {"kind": "blobBreaks", "share": 0.5, "probability": 0.05, "calls": ["blob"]},
    {"kind": "expiredURL", "probability": 0.02, "calls": ["blob"]},
]

# Requests of a worker, and the brokers' errors for them.
BROKER_ERRORS = [
    (["produce"], ["notLeader", "notEnoughReplicas", "disconnect"]),
    (["fetch"], ["notLeader", "disconnect"]),
    (["heartbeat", "joinGroup", "syncGroup"], ["coordinatorNotAvailable", "notCoordinator", "disconnect"]),
    (["offsetFetch", "findCoordinator"], ["coordinatorNotAvailable", "coordinatorLoadInProgress", "disconnect"]),
    (["addPartitionsToTransaction", "addOffsetsToTransaction"],
     ["concurrentTransactions", "coordinatorLoadInProgress", "notCoordinator", "disconnect"]),
    (["endTransaction", "transactionOffsetCommit"], ["coordinatorNotAvailable", "notCoordinator", "disconnect"]),
    (["heartbeat"], ["illegalGeneration", "unknownMemberID"]),
    (["metadata", "listOffsets"], ["disconnect"]),
]


# How long a client may need to notice that its broker is back: time-outs of requests and back-off.
RECOVERY_SECONDS = 25


class Faults:
    """The injected faults, and when the broker was unreachable."""

    def __init__(self):
        self.history, self.outages = [], []

    def was_unreachable(self, begin, end):
        return any(start < end and stop + RECOVERY_SECONDS > begin for start, stop in self.outages)


class EmbeddedBrokerFaults(Faults):
    """Errors, broken connections, slowness and outages of the embedded broker."""

    def __init__(self, sandbox, seed):
        super().__init__()
        self.sandbox, self.rng = sandbox, random.Random(f"broker {seed}")

    def inject(self):
        kind = self.rng.choices(["errors", "disconnect", "down", "slow"], [5, 2, 2, 1])[0]
        if kind == "errors":
            requests, errors = self.rng.choice(BROKER_ERRORS)
            chosen = [self.rng.choice(errors) for _ in range(self.rng.randint(1, 4))]
            fault = {"kind": "errors", "requests": requests, "errors": chosen}
        elif kind == "disconnect":
            fault = {"kind": "errors", "requests": ["produce", "fetch", "heartbeat", "metadata"],
                     "errors": ["disconnect"] * 3}
        elif kind == "down":
            fault = {"kind": "down", "seconds": self.rng.choice([0.5, 2, 6, 12])}
            self.outages.append((time.time(), time.time() + fault["seconds"]))
        else:
            fault = {"kind": "slow", "milliseconds": self.rng.choice([50, 200, 500]), "seconds": 4}
        self.sandbox.inject_broker_faults([fault])
        self.history.append((time.time(), kind))

    def end(self):
        self.sandbox.inject_broker_faults([{"kind": "calm"}])


class RealBrokerFaults(Faults):
    """A command that restarts a real broker, if one is given; it returns when the broker is up again."""

    def __init__(self, command):
        super().__init__()
        self.command = command

    def inject(self):
        begin = time.time()
        self.history.append((begin, "restart"))
        # Recorded before the restart, because workers stop meanwhile.
        self.outages.append((begin, begin + 180))
        done = subprocess.run(self.command, shell=True, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise SystemExit(f"the command that restarts the broker failed: {done.stderr or done.stdout}")
        self.outages[-1] = (begin, time.time())

    def end(self):
        pass
