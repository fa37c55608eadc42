"""API keys and the tenants behind them."""

import pytest

QUESTION = "How high is Mount Aria?"


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys"
    digest = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"  # of "abcdefgh"
    path.write_text(f"# tenants\nacme   key-a-long\nacme   key-a-other\nzenith sha256:{digest}\n")
    return path


def test_two_keys_of_one_tenant_share_answers(start_server, keys):
    server = start_server(api_keys=keys)
    assert server.ask(QUESTION, headers={"X-API-Key": "key-a-long"}).cache == "MISS"
    assert server.ask(QUESTION, headers={"Authorization": "Bearer key-a-other"}).cache == "HIT"
    assert server.ask(QUESTION, headers={"X-API-Key": "abcdefgh"}).cache == "MISS"
    assert server.ask(QUESTION).cache == "MISS"


@pytest.mark.parametrize("headers", [{"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"},
                                     {"Authorization": "Basic a2V5LWE="}, {"X-API-Key": "key-"}])
def test_an_unknown_key_is_401(start_server, keys, headers):
    reply = start_server(api_keys=keys).ask(QUESTION, headers=headers)
    assert reply.status == 401
    assert reply.header("WWW-Authenticate")
    assert reply.cache is None


def test_a_key_can_be_required(start_server, keys):
    server = start_server(api_keys=keys, require_key=True)
    assert server.ask(QUESTION).status == 401
    assert server.ask(QUESTION, headers={"X-API-Key": "key-a-long"}).status == 200
    for path in ("/health", "/status", "/metrics"):
        assert server.get(path).status == 200


@pytest.mark.parametrize("text", ["acme", "acme aaaaaaaa bbbbbbbb", "ac/me key-key-key", "acme short", "acme sha256:12"])
def test_a_bad_key_file_stops_the_start_and_says_the_line_not_the_key(run_liquid, index, tmp_path, text):
    path = tmp_path / "keys"
    path.write_bytes(f"fine good-key-1\n{text}\n".encode("latin-1"))
    run = run_liquid("serve", "--index", index, "--port", "0", "--api-keys", path)
    assert run.returncode in (1, 2)
    assert "line 2" in run.stderr
    assert "good-key-1" not in run.stderr
