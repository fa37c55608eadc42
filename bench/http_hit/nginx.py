"""nginx with proxy_cache for POST, in front of a stub that always gives the same answer."""

import http.server
import os
import pathlib
import threading

import harness

BINARY = harness.DEPS / "nginx" / "usr" / "sbin" / "nginx"

# As the distribution's nginx.conf and most guides have it.
USUAL = {"SENDFILE": "on", "OPEN_FILES": ""}
# The best we found for small answers: no sendfile (head and body leave in one write), and cache files
# stay open instead of being opened for every hit.
TUNED = {"SENDFILE": "off",
         "OPEN_FILES": "open_file_cache max=2000 inactive=1h; open_file_cache_valid 1h;"}


class Upstream:
    """Answers every POST with `body`; counts how often it was asked."""

    def __init__(self, body):
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def start(folder, upstream_port, settings):
    """An nginx that keeps all its files in `folder`, which should lie in memory."""
    if not os.access(BINARY, os.X_OK):
        harness.fail("no nginx; run tools/setup_bench.sh")
    pathlib.Path(folder).mkdir()
    port = harness.free_port()
    marks = {"FOLDER": folder, "PORT": port, "UPSTREAM": upstream_port,
             "USER": "user root;" if os.geteuid() == 0 else "", **settings}
    text = pathlib.Path(__file__).with_name("nginx.conf").read_text()
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", str(value))
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(text)
    return harness.Server([BINARY, "-p", folder, "-c", configuration, "-e", f"{folder}/error.log"],
                          port, f"{folder}/nginx.out")
