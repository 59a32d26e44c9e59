#!/usr/bin/env python3
"""The worker that most teams would write: a Python worker for the same jobs, for comparison.

confluent-kafka reads jobs and writes events, aiohttp calls the service. It is at-least-once and remembers nothing: a
job's offset is committed when the job and all before it in its partition have ended, so a crash repeats what was under
way, and an export of a day holds its partition's offset for a day. No deduplication, no cancelling, no files, no
retries beyond a few, no metrics. It reads the worker's own settings, so that both run on the same work:

    python3 python_worker.py     # KAFKA_…, PAYOUT_API_…, WORKER_POLL_MIN_INTERVAL, WORKER_POLL_MAX_INTERVAL
"""

import asyncio
import collections
import datetime
import heapq
import json
import os
import signal
import time
import urllib.parse
import uuid

import aiohttp
from confluent_kafka import Consumer, Producer, TopicPartition

PATHS = {"transactionHistory": "/v1.0/payouts/transactionhistory", "payments": "/v1.0/payouts/payments"}
NAMESPACE = uuid.UUID("8f0d5a52-2b0e-4f0e-9a43-3f1e2a1c7d11")


def setting(name, default=None):
    return os.environ.get(name, default)


def seconds(text):
    for suffix, factor in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)):
        if text.endswith(suffix):
            return float(text[:-len(suffix)]) * factor
    raise ValueError(text)


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Offsets:
    """The offsets that may be committed: those below the oldest job in progress of each partition."""

    def __init__(self):
        self.open, self.done, self.next = collections.defaultdict(list), collections.defaultdict(set), {}

    def begin(self, partition, offset):
        heapq.heappush(self.open[partition], offset)
        self.next[partition] = offset + 1

    def end(self, partition, offset):
        self.done[partition].add(offset)
        waiting, done = self.open[partition], self.done[partition]
        while waiting and waiting[0] in done:
            done.discard(heapq.heappop(waiting))

    def positions(self):
        return {partition: (self.open[partition][0] if self.open[partition] else following)
                for partition, following in self.next.items()}


class Peer:
    def __init__(self):
        base = {"bootstrap.servers": setting("KAFKA_BOOTSTRAP_SERVERS")}
        self.consumer = Consumer({
            **base, "group.id": setting("KAFKA_GROUP_ID"), "auto.offset.reset": "earliest",
            "enable.auto.commit": False})
        self.producer = Producer({**base, "enable.idempotence": True, "linger.ms": 20})
        self.consumer.subscribe([setting("KAFKA_TOPICS_JOBS")])
        self.results = setting("KAFKA_TOPICS_RESULTS")
        self.url = setting("PAYOUT_API_BASE_URL")
        self.first, self.longest = (seconds(setting(f"WORKER_POLL_{name}_INTERVAL")) for name in ("MIN", "MAX"))
        self.calls = asyncio.Semaphore(int(setting("WORKER_MAX_CONCURRENT_REQUESTS", "64")))
        self.offsets = Offsets()
        self.tasks = set()
        self.token, self.token_ends = None, 0
        self.signing_in = asyncio.Lock()
        self.stopping = False

    # Kafka

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        committed, last = {}, time.monotonic()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as self.session:
            while not self.stopping:
                messages = await loop.run_in_executor(None, self.consumer.consume, 500, 0.1)
                for message in messages:
                    if message.error():
                        continue
                    self.offsets.begin(message.partition(), message.offset())
                    task = asyncio.create_task(self.job(message.partition(), message.offset(), message.value()))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
                self.producer.poll(0)
                if time.monotonic() - last > 1:
                    committed, last = await self.commit(loop, committed), time.monotonic()
            for task in self.tasks:
                task.cancel()
        await self.commit(loop, committed)
        self.consumer.close()

    def stop(self):
        self.stopping = True

    async def commit(self, loop, committed):
        """Flushes events, then commits offsets."""
        positions = self.offsets.positions()
        if positions == committed:
            return committed
        await loop.run_in_executor(None, self.producer.flush, 10)
        topic = setting("KAFKA_TOPICS_JOBS")
        self.consumer.commit(
            offsets=[TopicPartition(topic, partition, offset) for partition, offset in positions.items()],
            asynchronous=False)
        return positions

    # A job

    async def job(self, partition, offset, value):
        job, times = json.loads(value), {"accepted": now()}
        path = PATHS[job["kind"]]
        headers = {"ms-correlationid": str(uuid.uuid5(NAMESPACE, job["jobId"])), "Accept": "application/json"}
        query = urllib.parse.urlencode(
            {"$filter": job.get("filter") or "", "fileformat": job.get("fileFormat", "csv")}
            if job.get("filter") else {"fileformat": job.get("fileFormat", "csv")}, quote_via=urllib.parse.quote)
        created = await self.call("POST", f"{path}?{query}", {
            **headers, "ms-requestid": str(uuid.uuid5(NAMESPACE, job["jobId"] + "/1")), "Content-Length": "0"})
        times["submitted"] = now()
        wait = self.first
        while True:
            await asyncio.sleep(wait)
            export = await self.call("GET", f"{path}/{created['requestId']}", headers)
            if export["status"] == "Completed" and export["blobLocation"] or export["status"] == "Failed":
                break
            wait = min(self.longest, wait * 1.5)
        times["ready"] = times["finished"] = now()
        self.publish(job, export, times)
        self.offsets.end(partition, offset)

    def publish(self, job, export, times):
        status = export["status"].lower()
        event = {
            "jobId": job["jobId"], "status": status, "kind": job["kind"], "account": "default",
            "filter": job.get("filter"), "fileFormat": job.get("fileFormat", "csv"), "requestId": export["requestId"],
            "attempts": 1, "error": None, "times": times, "metadata": job.get("metadata", {}),
            "files": [{"location": export["blobLocation"], "stored": False, "expiresAt": None}]}
        headers = {
            "ce_specversion": "1.0", "ce_id": f"{job['jobId']}/{status}", "ce_source": "/peer", "ce_subject": job["jobId"],
            "ce_type": f"payout.export.{status}", "ce_time": times["finished"], "content-type": "application/json"}
        self.producer.produce(self.results, key=job["jobId"], value=json.dumps(event), headers=headers)

    # The service

    async def call(self, method, path, headers):
        for attempt in range(6):
            try:
                async with self.calls:
                    headers["Authorization"] = "Bearer " + await self.signed_in()
                    async with self.session.request(method, self.url + path, headers=headers) as answer:
                        if answer.status < 300:
                            return (await answer.json())["value"][0]
                        if answer.status == 401:
                            self.token_ends = 0
                        elif answer.status < 500 and answer.status != 429:
                            answer.raise_for_status()
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.2 * 2 ** attempt)
        raise RuntimeError(f"{method} {path} failed")

    async def signed_in(self):
        if time.time() < self.token_ends:
            return self.token
        async with self.signing_in:
            if time.time() >= self.token_ends:
                url = f"{setting('PAYOUT_API_AUTHORITY')}/{setting('PAYOUT_API_TENANT_ID')}/oauth2/token"
                form = {
                    "grant_type": "password", "resource": "https://api.partner.microsoft.com",
                    "client_id": setting("PAYOUT_API_CLIENT_ID"), "username": setting("PAYOUT_API_USERNAME"),
                    "password": setting("PAYOUT_API_PASSWORD")}
                async with self.session.post(url, data=form) as answer:
                    answer.raise_for_status()
                    document = await answer.json()
                self.token = document["access_token"]
                self.token_ends = time.time() + int(document["expires_in"]) - 60
        return self.token


async def main():
    await Peer().run()


if __name__ == "__main__":
    asyncio.run(main())
