"""What arrives as bytes: chunked bodies, pipelining, smuggling, limits, slow clients, TLS."""

import json
import socket
import ssl
import subprocess

import pytest

from support.server import Server
from support.wire import Wire, post_head

BODY = json.dumps({"query": "Aria"})
GET = "GET /status HTTP/1.1\r\nHost: test\r\n\r\n"
CHUNKED = ("POST /search HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n")


def chunks(*parts):
    return "".join(f"{len(part):x}\r\n{part}\r\n" for part in parts) + "0\r\n\r\n"


def test_a_chunked_body_is_read(server):
    with Wire(server) as wire:
        wire.send(CHUNKED, chunks(BODY[:5], BODY[5:]))
        status, headers, body = wire.read_reply()
        assert status == 200
        assert json.loads(body)["query"] == "Aria"
        wire.send(post_head("/search", len(BODY)), BODY)
        status, headers, _ = wire.read_reply()
        assert (status, headers["x-cache"]) == (200, "HIT")


def test_a_chunked_body_byte_by_byte_with_extensions_and_trailers(server):
    text = CHUNKED + f"{len(BODY):x};name=value\r\n{BODY}\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with Wire(server) as wire:
        for byte in text.encode():
            wire.send(bytes([byte]))
        assert wire.read_reply()[0] == 200


def test_a_chunked_body_beyond_the_limit_is_413(server):
    with Wire(server) as wire:
        wire.send(CHUNKED)
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        try:
            for _ in range(64):
                wire.send(piece)
        except OSError:
            pass  # the server may close as soon as it knows
        assert wire.read_reply()[0] == 413


def test_keep_alive_and_pipelining_answer_in_order(server):
    with Wire(server) as wire:
        bodies = [json.dumps({"query": f"Aria {i}"}) for i in range(10)]
        wire.send("".join(post_head("/search", len(body)) + body for body in bodies))
        for i in range(10):
            status, _, body = wire.read_reply()
            assert status == 200
            assert json.loads(body)["query"] == f"Aria {i}"


def test_connection_close_is_obeyed(server):
    with Wire(server) as wire:
        wire.send("GET /status HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert wire.read_reply()[0] == 200
        assert wire.at_end()


def test_http_1_0_is_answered_and_closed(server):
    with Wire(server) as wire:
        wire.send("GET /status HTTP/1.0\r\n\r\n")
        assert wire.read_reply()[0] == 200
        assert wire.at_end()


def test_expect_100_continue(server):
    with Wire(server) as wire:
        wire.send(post_head("/search", len(BODY), "Expect: 100-continue"))
        assert wire.read_reply()[0] == 100
        wire.send(BODY)
        assert wire.read_reply()[0] == 200


def test_expect_100_is_not_said_to_a_body_that_is_too_large(server):
    with Wire(server) as wire:
        wire.send(post_head("/search", 10_000_000, "Expect: 100-continue"))
        assert wire.read_reply()[0] == 413


def test_head_of_a_get_route_has_no_body(server):
    with Wire(server) as wire:
        wire.send("HEAD /status HTTP/1.1\r\nHost: test\r\n\r\n", GET)
        head = wire._read_to(b"\r\n\r\n").decode()
        assert head.startswith("HTTP/1.1 200")
        assert wire.read_reply()[0] == 200


@pytest.mark.parametrize("text", [
    # request smuggling: two ways to tell the length, or one told badly
    post_head("/search", 5, "Transfer-Encoding: chunked") + "0\r\n\r\n",
    post_head("/search", 4, "Content-Length: 5") + "12345",
    post_head("/search", "5, 6") + "123456",
    post_head("/search", "+5") + "12345",
    post_head("/search", "-1"),
    post_head("/search", "0x5") + "12345",
    post_head("/search", "5 5") + "12345",
    post_head("/search", "99999999999999999999999999"),
    CHUNKED.replace("chunked", "chunked, identity") + chunks(BODY),
    CHUNKED.replace("chunked", "xchunked") + chunks(BODY),
    CHUNKED.replace("Transfer-Encoding:", "Transfer-Encoding :") + chunks(BODY),
    CHUNKED + "zz\r\n",
    CHUNKED + "-1\r\n",
    CHUNKED + "5\r\n12345X",
    CHUNKED + "ffffffffffffffffff\r\n",
    # malformed heads
    "GET /status HTTP/1.1\r\nHost : test\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: test\r\n folded: line\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /status HTTP/1.1\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: test\r\nBad\x01Name: x\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: test\r\nName: x\x00y\r\n\r\n",
    "GET  /status HTTP/1.1\r\nHost: test\r\n\r\n",
    "GET /sta tus HTTP/1.1\r\nHost: test\r\n\r\n",
    "GET /status HTTP/1.x\r\nHost: test\r\n\r\n",
    "GET /status\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
])
def test_ambiguous_or_malformed_requests_are_400_and_closed(server, text):
    with Wire(server) as wire:
        wire.send(text.encode("latin-1"), GET)
        status, headers, _ = wire.read_reply()
        assert status in (400, 501)
        assert headers["connection"].lower() == "close"
        assert wire.at_end(), "nothing behind a malformed request may be read as a request"


def test_an_unknown_http_version_is_505(server):
    with Wire(server) as wire:
        wire.send("GET /status HTTP/2.0\r\nHost: test\r\n\r\n")
        assert wire.read_reply()[0] == 505


def test_a_head_that_never_ends_is_431(server):
    with Wire(server) as wire:
        wire.send("GET /status HTTP/1.1\r\nHost: test\r\nX-Long: " + "x" * 20_000)
        assert wire.read_reply()[0] == 431
        assert wire.at_end()


def test_many_header_lines_are_431(server):
    with Wire(server) as wire:
        wire.send("GET /status HTTP/1.1\r\nHost: test\r\n" + "".join(
            f"X-{i}: y\r\n" for i in range(3000)) + "\r\n")
        assert wire.read_reply()[0] == 431


def test_a_header_value_cannot_split_the_answer(server):
    reply = server.get("/status", headers={"X-Request-Id": "a%0d%0aX-Evil: 1"})
    assert reply.header("X-Evil") is None


class TestSlowClients:
    @pytest.fixture
    def server(self, start_server):
        return start_server(head_timeout_ms=300, body_timeout_ms=300, idle_timeout_ms=400)

    def test_a_head_that_does_not_come_is_408_and_closed(self, server):
        with Wire(server) as wire:
            wire.send("GET /status HT")
            assert wire.read_reply()[0] == 408
            assert wire.at_end()

    def test_drops_of_a_head_do_not_keep_it_open(self, server):
        """Slow loris: a byte now and then must not restart the clock."""
        with Wire(server) as wire:
            wire.send("GET /status HTTP/1.1\r\n")
            wire._socket.settimeout(0.05)
            closed = False
            for _ in range(400):
                try:
                    wire.send("X: y\r\n")
                    closed = wire._socket.recv(65536) != b"" or True
                    break
                except TimeoutError:
                    continue
                except OSError:
                    closed = True
                    break
            assert closed

    def test_a_body_that_does_not_come_is_408_and_closed(self, server):
        with Wire(server) as wire:
            wire.send(post_head("/search", 100), BODY)
            assert wire.read_reply()[0] == 408
            assert wire.at_end()

    def test_an_idle_connection_is_closed_without_a_word(self, server):
        with Wire(server) as wire:
            wire.send(GET)
            assert wire.read_reply()[0] == 200
            assert wire.at_end()

    def test_a_slow_answer_is_not_an_idle_connection(self, start_with_model, upstream):
        server = start_with_model(head_timeout_ms=200, body_timeout_ms=200, idle_timeout_ms=200)
        upstream.delay = 0.8
        assert server.ask("How high is Mount Aria?").status == 200


def test_a_reader_that_does_not_read_does_not_hold_the_others(server):
    with Wire(server) as greedy:
        request = post_head("/search", len(BODY)) + BODY
        greedy._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy._socket.settimeout(0.2)
        try:
            for _ in range(20_000):
                greedy.send(request)
        except OSError:
            pass  # both directions are full
        assert server.search("Aria").status == 200


def test_more_connections_than_allowed_are_turned_away(start_server):
    server = start_server(max_connections=4)
    wires = [Wire(server) for _ in range(4)]
    try:
        for wire in wires:
            wire.send(GET)
            assert wire.read_reply()[0] == 200
        with Wire(server) as fifth:
            try:
                fifth.send(GET)
                assert fifth.read_reply()[0] == 503
            except (EOFError, OSError):
                pass  # closed at once is as good as 503
        wires[0].send(GET)
        assert wires[0].read_reply()[0] == 200
    finally:
        for wire in wires:
            wire.__exit__()


# --- TLS ---

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def tls_server(start_server, certificate):
    return start_server(scheme="https", tls_certificate=certificate / "cert.pem",
                        tls_key=certificate / "key.pem")


def test_tls_serves_the_same_answers(tls_server):
    miss = tls_server.search("Aria")
    hit = tls_server.search("Aria")
    assert (miss.status, miss.cache, hit.cache) == (200, "MISS", "HIT")
    assert hit.body == miss.body


def test_tls_carries_large_bodies_and_keep_alive(tls_server):
    from support.server import exchange
    connection = tls_server.connect()
    for i in range(5):
        body = json.dumps({"query": "Aria " + "y" * 200_000 + str(i)})
        reply = exchange(connection, "POST", "/search", body, {"Content-Type": "application/json"})
        assert reply.status == 200
        assert len(reply.body) > 200_000


def test_tls_below_1_2_is_refused(tls_server):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", tls_server.port)) as plain:
        with context.wrap_socket(plain) as secure:
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
    old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{tls_server.port}", "-tls1_1",
                          "-cipher", "ALL@SECLEVEL=0"], input=b"", capture_output=True, timeout=20)
    assert old.returncode != 0


def test_plain_http_on_the_tls_port_does_no_harm(tls_server):
    plain = Server("", "", port=tls_server.port)
    with Wire(plain) as wire:
        wire.send(GET)
        wire.at_end()
    assert tls_server.search("Aria").status == 200


def test_a_silent_handshake_is_closed(start_server, certificate):
    server = start_server(scheme="https", tls_certificate=certificate / "cert.pem",
                          tls_key=certificate / "key.pem", head_timeout_ms=300)
    with Wire(Server("", "", port=server.port)) as wire:
        assert wire.at_end()


@pytest.mark.parametrize("certificate_file, key_file", [
    ("missing.pem", "key.pem"), ("cert.pem", "missing.pem"), ("key.pem", "key.pem")])
def test_a_bad_certificate_stops_the_start_and_is_named(run_liquid, index, certificate,
                                                        certificate_file, key_file):
    run = run_liquid("serve", "--index", index, "--port", "0", "--tls-certificate",
                     certificate / certificate_file, "--tls-key", certificate / key_file)
    assert run.returncode == 1
    assert ".pem" in run.stderr
