"""A headless Chromium, driven over the DevTools protocol."""

import asyncio
import base64
import json
import time

import websockets


class Failure(Exception):
    """A condition that does not hold."""


def require(condition, what):
    if not condition:
        raise Failure(what)


class Page:
    """A tab, driven over the DevTools protocol."""

    def __init__(self, socket, session):
        self.socket, self.session = socket, session
        self.number = 0
        self.answers = {}
        self.requests, self.console = [], []
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                self.answers.pop(message["id"]).set_result(message)
            elif message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.console.append(message["params"]["exceptionDetails"].get("text", "exception"))
            elif message["method"] == "Log.entryAdded":
                entry = message["params"]["entry"]
                self.console.append(f"{entry['text']} {entry.get('url', '')}".strip())
            elif message["method"] == "Runtime.consoleAPICalled" and message["params"]["type"] in ("error", "warning"):
                self.console.append(str(message["params"]["args"]))

    async def call(self, method, **params):
        self.number += 1
        future = asyncio.get_running_loop().create_future()
        self.answers[self.number] = future
        request = {"id": self.number, "method": method, "params": params, "sessionId": self.session}
        await self.socket.send(json.dumps(request))
        answer = await asyncio.wait_for(future, 60)
        require("error" not in answer, f"{method}: {answer.get('error')}")
        return answer["result"]

    async def run(self, script):
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        require("exceptionDetails" not in result, f"{script}: {result.get('exceptionDetails')}")
        return result["result"].get("value")

    async def until(self, script, what, limit=60):
        end = time.monotonic() + limit
        while not (value := await self.run(script)):
            require(time.monotonic() < end, f"timed out waiting for {what}")
            await asyncio.sleep(0.1)
        return value

    async def show(self, size, scheme):
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        # Two frames: one to lay out, one to paint.
        await self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    async def screenshot(self, path, whole=True):
        picture = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))


async def open_page(address):
    socket = await websockets.connect(address, max_size=1 << 28)
    number = 0

    async def call(method, **params):
        nonlocal number
        number += 1
        await socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while "id" not in (answer := json.loads(await socket.recv())):
            pass
        return answer["result"]

    target = (await call("Target.createTarget", url="about:blank"))["targetId"]
    session = (await call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
    page = Page(socket, session)
    page.number = 1000
    for domain in ("Page", "Runtime", "Network", "Log"):
        await page.call(f"{domain}.enable")
    return page
