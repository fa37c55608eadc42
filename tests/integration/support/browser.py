"""A headless Chromium, driven over its debugging pipe: one JSON message, then a zero byte, both ways. One
browser and one page for all tests; it asks nothing outside this machine."""

import base64
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--lang=en-US",
            "--window-size=1600,1600", "--proxy-server=direct://",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


def installed_browser():
    chosen = os.environ.get("LIQUID_CHROMIUM")
    return chosen or next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    def __init__(self, program, folder):
        self._number = 0
        self._text = b""
        self.calls = []  # (method, URL, status) of what the page asked the server
        self.problems = []  # exceptions nobody caught
        self._asked = {}
        from_here, self._out = os.pipe()
        self._in, to_here = os.pipe()
        command = [program, *SWITCHES, f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            close_fds=False, preexec_fn=lambda: take_pipes(from_here, to_here))
        os.close(from_here)
        os.close(to_here)
        self._session = None
        target = self._page()
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Network"):
            self.command(part + ".enable")

    def _page(self):
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            for target in self.command("Target.getTargets")["targetInfos"]:
                if target["type"] == "page":
                    return target["targetId"]
        raise AssertionError("the browser opened no page")

    def _message(self, limit):
        while b"\0" not in self._text:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise AssertionError("the browser does not answer")
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser ended"
            self._text += piece
        message, self._text = self._text.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event):
        method, about = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            request = about["request"]
            self._asked[about["requestId"]] = (request["method"], request["url"], request.get("postData"))
        elif method == "Network.responseReceived" and about["requestId"] in self._asked:
            self.calls.append((*self._asked[about["requestId"]], about["response"]["status"]))
        elif method == "Runtime.exceptionThrown":
            self.problems.append(about["exceptionDetails"])

    def command(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        limit = time.monotonic() + 30
        while True:
            answer = self._message(limit)
            if answer.get("id") != self._number:
                self._note(answer)
                continue
            assert "error" not in answer, f"{method}: {answer['error']}"
            return answer["result"]

    def script(self, text):
        answer = self.command("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, url):
        """A new document, also when only the part behind # differs."""
        self.command("Page.navigate", url="about:blank")
        self.command("Page.navigate", url=url)

    def text(self):
        return self.script("document.body ? document.body.innerText : ''")

    def wait_for(self, *words, seconds=40):
        """The visible text, as soon as it holds all of these."""
        limit = time.monotonic() + seconds
        while True:
            text = self.text()
            missing = [word for word in words if word not in text]
            if not missing:
                return text
            assert time.monotonic() < limit, f"not on the page: {missing}\n{text}"
            time.sleep(0.05)

    def count(self, selector, least=1, seconds=40):
        """How many elements fit, as soon as there are at least so many."""
        limit = time.monotonic() + seconds
        while (found := self.script(f"document.querySelectorAll({json.dumps(selector)}).length")) < least:
            assert time.monotonic() < limit, f"{found} of {selector}, expected {least}\n{self.text()}"
            time.sleep(0.05)
        return found

    def click(self, label):
        """On the innermost element with this very text."""
        self.script("""(label => [...document.querySelectorAll('*')].reverse()
            .find(one => one.textContent === label && one.getClientRects().length).click())""" +
                    f"({json.dumps(label)})")

    def screenshot(self, path):
        shot = self.command("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def stop(self):
        os.close(self._out)  # tells it to end
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # what its start script left
        except ProcessLookupError:
            pass
        self.process.wait(5)
        os.close(self._in)


def take_pipes(incoming, outgoing):
    """In the new process: messages are read from descriptor 3 and written to 4."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    copies = [os.dup(incoming), os.dup(outgoing)]  # one of the two may be 3 or 4 itself
    os.dup2(copies[0], 3)
    os.dup2(copies[1], 4)
