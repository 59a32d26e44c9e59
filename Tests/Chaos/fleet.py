"""Worker processes and their faults."""

import random
import signal
import sys
import threading
import time

from processes import Child, free_port, worker_environment
from service import worker_status


class Worker(Child):
    """One `payout-worker run`; with an identity it is a static member of the group."""

    def __init__(self, binary, name, identity, settings, directory):
        self.name, self.identity, self.port = name, identity, free_port()
        self.born = time.time()
        named = {"WORKER_ID": identity} if identity else {}
        environment = worker_environment({**settings, **named, "HTTP_PORT": str(self.port)})
        super().__init__([binary, "run"], environment, directory / f"{name}.log")
        self.ignore_output()

    def partitions(self):
        """The partitions that it reports as its own; None without a response."""
        status = worker_status(self.port)
        return None if status is None else [entry["partition"] for entry in status["partitions"]]


class Fleet:
    """Workers that are killed, frozen and stopped, at random times from a seed, and replaced.

    Some have identities that their successors take over (static members of the group), others are new members each time.
    """

    def __init__(self, binary, settings, directory, seed):
        self.binary, self.settings, self.directory = binary, settings, directory
        self.rng = random.Random(f"fleet {seed}")
        self.lock = threading.Lock()
        self.workers = {}
        self.started = 0
        # Time, fault, worker, and for kills the owned partitions.
        self.history = []
        # When workers were frozen, and when they continued.
        self.freezes = []
        self.failures = []
        # Whether the broker was unreachable between two times, and the stops that timed out for that reason.
        self.was_broker_unreachable = lambda begin, end: False
        self.stops_cut_short = 0
        self.timers = []
        self.is_closing = False

    def start(self, identity=None):
        """Starts a worker; without an identity it is a member that the group has never seen."""
        with self.lock:
            if self.is_closing:
                return
            self.started += 1
            name = f"w{self.started}"
            self.workers[name] = Worker(self.binary, name, identity, self.settings, self.directory)

    def start_all(self, count, named):
        """Starts `count` workers, of which the first `named` have identities."""
        for number in range(count):
            self.start(f"worker-{number + 1}" if number < named else None)

    def later(self, seconds, body, *arguments):
        timer = threading.Timer(seconds, body, arguments)
        timer.start()
        self.timers.append(timer)

    def inject(self, kinds=(("kill", 5), ("freeze", 3), ("stop", 2))):
        """Kills, freezes or stops a worker, and starts another in place of a killed or stopped one."""
        with self.lock:
            if not self.workers:
                return
            name = self.rng.choice(sorted(self.workers))
            worker = self.workers[name]
        kind = self.rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        pause, thaw = self.rng.uniform(0, 3), self.rng.choice([1, 4, 12, 15])
        if kind == "freeze":
            self.history.append((time.time(), kind, name, None))
            worker.signal(signal.SIGSTOP)
            self.freezes.append((time.time(), time.time() + thaw))
            # Some continue before the group has noticed, some continue as zombies.
            return self.later(thaw, worker.signal, signal.SIGCONT)
        owned = worker.partitions()
        with self.lock:
            del self.workers[name]
        self.history.append((time.time(), kind, name, owned))
        if kind == "kill":
            worker.kill()
            self.later(pause, self.start, worker.identity)
        else:
            threading.Thread(target=self.replace, args=(worker, pause)).start()

    def replace(self, worker, pause=0):
        """Stops a worker gracefully; its successor has its identity, so it must have ended before."""
        self.end(worker)
        self.later(pause, self.start, worker.identity)

    def end(self, worker):
        """Stops a worker, which must succeed; without a broker it need only end in time, without its last commit."""
        begin = time.time()
        status = worker.stop()
        if status == 1 and self.was_broker_unreachable(begin, time.time()):
            self.stops_cut_short += 1
        elif status != 0:
            how = "did not end within 60 s of SIGTERM" if status is None else f"ended with status {status} after SIGTERM"
            self.failures.append(f"{worker.name} {how}")

    def check_alive(self):
        """A worker that ends unexpectedly is a finding; another replaces it."""
        with self.lock:
            gone = [worker for worker in self.workers.values() if not worker.is_running]
            for worker in gone:
                del self.workers[worker.name]
        for worker in gone:
            self.failures.append(f"{worker.name} ended unexpectedly with status {worker.process.returncode}")
            print(self.failures[-1], file=sys.stderr)
            worker.close()
            self.start(worker.identity)

    def stop(self):
        with self.lock:
            self.is_closing = True
        for timer in self.timers:
            timer.cancel()
        endings = [threading.Thread(target=self.end, args=(worker,)) for worker in self.workers.values()]
        for ending in endings:
            ending.start()
        for ending in endings:
            ending.join()

    def abandon(self):
        """Kills all workers after a failure of the suite itself."""
        with self.lock:
            self.is_closing = True
            for worker in self.workers.values():
                worker.kill()
