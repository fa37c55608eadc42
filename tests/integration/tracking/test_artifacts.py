"""Artifacts: what C++ uploads Python downloads, and the other way round, over a folder, the real MLflow
server and S3 (moto's server)."""

import hashlib
import hmac
import http.server
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

MEBIBYTE = 1024 * 1024
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}


class Driver:
    """The library behind tracking_artifacts_driver."""

    def __init__(self, program, environment):
        self.program = str(program)
        self.environment = environment

    def run(self, *words, environment=None):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("MLFLOW_", "AWS_"))}
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, check=False,
                              timeout=120, env={**clean, **self.environment, **(environment or {})})

    def lines(self, *words, environment=None):
        run = self.run(*words, environment=environment)
        assert run.returncode == 0, run.stderr[-2000:]
        return [line.split("\t") for line in run.stdout.splitlines()]

    def refused(self, *words, environment=None):
        """The error code and the message."""
        run = self.run(*words, environment=environment)
        assert run.returncode == 1, run.stdout + run.stderr[-2000:]
        return run.stderr.splitlines()[-1].split(": ", 1)


@pytest.fixture(scope="session")
def driver_program(root):
    build = Path(os.environ.get("LIQUID_TEST_BUILD", root / "build" / "dev"))
    path = build / "src" / "tracking" / "artifacts" / "tracking_artifacts_driver"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture
def driver(driver_program):
    return Driver(driver_program, {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"})


@pytest.fixture
def proxy(driver_program, mlflow_server):
    return Driver(driver_program, {"MLFLOW_TRACKING_URI": mlflow_server.url,
                                   "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"})


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """URL of moto's server."""
    from conftest import free_port
    port = free_port()
    log = (tmp_path_factory.mktemp("moto") / "log").open("w")
    process = subprocess.Popen([str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p",
                                str(port)], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/moto-api/", timeout=5).close()
            break
        except OSError:
            assert process.poll() is None, "moto_server ended"
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(15)


@pytest.fixture
def bucket(moto, fresh_name, monkeypatch):
    """A bucket of the test's own; this process's boto3 and MLflow find it too."""
    import boto3
    name = fresh_name("bucket")
    for variable, value in {**KEYS, "MLFLOW_S3_ENDPOINT_URL": moto}.items():
        monkeypatch.setenv(variable, value)
    client = boto3.client("s3", endpoint_url=moto)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.name = name
    return client


@pytest.fixture
def s3(driver_program, moto):
    return Driver(driver_program, {**KEYS, "MLFLOW_S3_ENDPOINT_URL": moto,
                                   "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"})


@pytest.fixture
def folder(tmp_path):
    """A folder with names and sizes that are easy to get wrong."""
    made = tmp_path / "made"
    for path, content in {"MLmodel": b"flavors:\n", "empty": b"", "a b/ü+&=;x.txt": "ü".encode(),
                          "a b/deep/er/50%.bin": os.urandom(300_000)}.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(content)
    return made


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in Path(folder).rglob("*") if path.is_file()}


def told(folder, below):
    """What an upload of `folder` must report."""
    return sorted([f"{below}/{path}", str(len(content)), hashlib.sha256(content).hexdigest()]
                  for path, content in contents(folder).items())


def repository(uri, tracking_uri=None):
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    return get_artifact_repository(uri, tracking_uri=tracking_uri)


def download_by_python(repo, path, target):
    target.mkdir()
    return Path(repo.download_artifacts(path, str(target)))


# Three stores, one list of promises.

@pytest.fixture(params=["folder", "proxy", "s3"])
def store(request, tmp_path, fresh_name):
    """(driver, URI, tracking URI for Python)"""
    if request.param == "folder":
        return request.getfixturevalue("driver"), (tmp_path / "store").as_uri(), None
    if request.param == "proxy":
        server = request.getfixturevalue("mlflow_server")
        return request.getfixturevalue("proxy"), f"mlflow-artifacts:/{fresh_name('run')}", server.url
    bucket = request.getfixturevalue("bucket")
    return request.getfixturevalue("s3"), f"s3://{bucket.name}/some/run", None


def test_python_downloads_what_cpp_uploads(store, folder, tmp_path):
    driver, uri, tracking_uri = store
    assert sorted(driver.lines("upload", uri, folder, "to/here")) == told(folder, "to/here")
    got = download_by_python(repository(uri, tracking_uri), "to/here", tmp_path / "python")
    assert contents(got) == contents(folder)


def test_cpp_downloads_what_python_uploads(store, folder, tmp_path):
    driver, uri, tracking_uri = store
    repository(uri, tracking_uri).log_artifacts(str(folder), "to/here")
    [[local]] = driver.lines("download", uri, "to/here", tmp_path / "cpp")
    assert Path(local) == tmp_path / "cpp/to/here"
    assert contents(local) == contents(folder)


def test_both_list_the_same(store, folder):
    driver, uri, tracking_uri = store
    driver.lines("upload", uri, folder, "m")
    repo = repository(uri, tracking_uri)
    for path in ("", "m", "m/a b", "m/MLmodel", "m/none"):
        python = sorted([info.path, "folder" if info.is_dir else "file",
                         "" if info.is_dir else str(info.file_size or 0)]
                        for info in repo.list_artifacts(path or None))
        assert sorted(line + [""] * (3 - len(line)) for line in driver.lines("list", uri, path)) == python, path


def test_a_file_and_a_folder_go_away(store, folder):
    driver, uri, _ = store
    driver.lines("upload", uri, folder, "m")
    driver.lines("remove", uri, "m/MLmodel")
    driver.lines("remove", uri, "m/a b")
    assert driver.lines("list", uri, "m") == [["m/empty", "file", "0"]]


def test_missing_files_are_named(store, tmp_path):
    driver, uri, _ = store
    code, message = driver.refused("download", uri, "no/such.file", tmp_path / "out")
    assert code == "not_found"
    assert "no/such.file" in message


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "C:/x", "."])
def test_paths_that_leave_the_root_are_refused(store, folder, tmp_path, path):
    driver, uri, _ = store
    for words in (("list", uri, path), ("download", uri, path, tmp_path / "out"),
                  ("upload", uri, folder / "MLmodel", path), ("remove", uri, path)):
        code, message = driver.refused(*words)
        assert code == "invalid_argument"
        assert path in message


def test_seventy_mebibytes(store, tmp_path):
    driver, uri, tracking_uri = store
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(MEBIBYTE) * 70)
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert driver.lines("upload", uri, large, "m") == [["m/large.bin", str(70 * MEBIBYTE), digest]]
    python = download_by_python(repository(uri, tracking_uri), "m/large.bin", tmp_path / "python")
    assert hashlib.sha256(python.read_bytes()).hexdigest() == digest
    driver.lines("download", uri, "m/large.bin", tmp_path / "cpp")
    assert hashlib.sha256((tmp_path / "cpp/m/large.bin").read_bytes()).hexdigest() == digest


# The MLflow server alone.

def test_artifacts_of_a_run(proxy, client, fresh_name, folder, tmp_path):
    run = client.create_run(client.create_experiment(fresh_name("artifacts")))
    uri = run.info.artifact_uri
    proxy.lines("upload", uri, folder, "model")
    assert {info.path for info in client.list_artifacts(run.info.run_id, "model")} == {
        "model/MLmodel", "model/a b", "model/empty"}
    client.log_text(run.info.run_id, "by Python", "note.txt")
    proxy.lines("download", uri, "note.txt", tmp_path / "out")
    assert (tmp_path / "out/note.txt").read_text() == "by Python"


def test_http_uris_mean_the_same_as_mlflow_artifacts(proxy, mlflow_server, fresh_name, folder):
    name = fresh_name("run")
    proxy.lines("upload", f"{mlflow_server.url}/api/2.0/mlflow-artifacts/artifacts/{name}", folder, "m")
    assert len(proxy.lines("list", f"mlflow-artifacts:/{name}", "m")) == 3


@pytest.mark.parametrize("path", ["a%41", "%2e%2e/x", "a#b", "a?", "a;"])
def test_names_that_the_server_would_change_are_refused(proxy, folder, path):
    code, message = proxy.refused("list", "mlflow-artifacts:/x", path)
    assert code == "invalid_argument"
    assert path in message


def test_large_files_go_in_one_piece_where_the_server_knows_no_parts(proxy, fresh_name, folder):
    uri = f"mlflow-artifacts:/{fresh_name('run')}"
    proxy.lines("upload", uri, folder / "MLmodel", "", environment={
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1"})
    assert proxy.lines("list", uri, "") == [["MLmodel", "file", "9"]]


def test_a_download_of_a_killed_process_is_taken_up(driver_program, proxy, mlflow_server, fresh_name, tmp_path):
    uri = f"mlflow-artifacts:/{fresh_name('run')}"
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(MEBIBYTE) * 200)
    proxy.lines("upload", uri, large, "")
    out = tmp_path / "out"
    process = subprocess.Popen([str(driver_program), "download", uri, "large.bin", str(out)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "MLFLOW_TRACKING_URI": mlflow_server.url})
    for line in process.stderr:
        if int(line.split("\t")[1]) > 100 * MEBIBYTE:
            break
    process.kill()
    process.wait()
    process.stderr.close()
    if (out / "large.bin").exists():
        pytest.skip("it was through before it could be killed")
    assert any(name.name.endswith(".from") for name in out.iterdir())
    run = proxy.run("download", uri, "large.bin", out)
    assert run.returncode == 0, run.stderr[-2000:]
    first = int(run.stderr.splitlines()[0].split("\t")[1])
    assert first > 64 * MEBIBYTE, "it began anew"
    assert (out / "large.bin").read_bytes() == large.read_bytes()
    assert [name.name for name in out.iterdir()] == ["large.bin"]


# A server whose artifacts are in S3: parts go straight there.

def test_parts_through_a_server_with_s3_behind_it(start_mlflow, driver_program, bucket, moto, tmp_path):
    server = start_mlflow(arguments=["--artifacts-destination", f"s3://{bucket.name}/root"],
                          environment={**KEYS, "MLFLOW_S3_ENDPOINT_URL": moto})
    driver = Driver(driver_program, {
        "MLFLOW_TRACKING_URI": server.url, "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(MEBIBYTE),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * MEBIBYTE),
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(5 * MEBIBYTE)})
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(12 * MEBIBYTE))
    driver.lines("upload", "mlflow-artifacts:/7/run", large, "m")
    head = bucket.head_object(Bucket=bucket.name, Key="root/7/run/m/large.bin")
    assert head["ContentLength"] == 12 * MEBIBYTE
    assert head["ETag"].endswith('-3"'), "it was not sent in three parts"
    driver.lines("download", "mlflow-artifacts:/7/run", "m/large.bin", tmp_path / "out")
    assert (tmp_path / "out/m/large.bin").read_bytes() == large.read_bytes()


# S3 alone.

def test_s3_objects_carry_type_and_digest(s3, bucket, folder):
    s3.lines("upload", f"s3://{bucket.name}/p", folder / "MLmodel", "")
    head = bucket.head_object(Bucket=bucket.name, Key="p/MLmodel")
    assert head["ContentType"] == "text/plain"
    assert head["Metadata"] == {"sha256": hashlib.sha256(b"flavors:\n").hexdigest()}


def test_s3_tells_when_an_object_is_not_what_was_uploaded(s3, bucket, tmp_path):
    bucket.put_object(Bucket=bucket.name, Key="p/f", Body=b"other", Metadata={"sha256": "0" * 64})
    code, message = s3.refused("download", f"s3://{bucket.name}/p", "f", tmp_path / "out")
    assert code == "data_corrupt"
    assert f"s3://{bucket.name}/p/f" in message
    assert list((tmp_path / "out").iterdir()) == []


def test_s3_lists_more_than_one_page(s3, bucket):
    for number in range(1003):
        bucket.put_object(Bucket=bucket.name, Key=f"p/{number:04}", Body=b"")
    found = s3.lines("list", f"s3://{bucket.name}/p", "")
    assert [line[0] for line in found] == [f"{number:04}" for number in range(1003)]


def test_s3_refuses_keys_that_leave_the_folder(s3, bucket, tmp_path):
    bucket.put_object(Bucket=bucket.name, Key="p/../evil", Body=b"evil")
    code, message = s3.refused("download", f"s3://{bucket.name}/p", "", tmp_path / "out")
    assert code == "invalid_argument"
    assert '".."' in message
    assert not (tmp_path / "evil").exists()


def test_s3_leaves_no_parts_behind(s3, bucket, tmp_path):
    """The upload fails at its end: half way through, the file becomes shorter."""
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(MEBIBYTE) * 80)
    process = subprocess.Popen([s3.program, "upload", f"s3://{bucket.name}/p", str(large), ""],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **s3.environment})
    process.stderr.readline()  # the first bytes are on their way
    os.truncate(large, MEBIBYTE)
    rest = process.stderr.read()
    assert process.wait() == 1, rest[-500:]
    assert rest.splitlines()[-1].startswith("conflict: ")
    assert "Uploads" not in bucket.list_multipart_uploads(Bucket=bucket.name)
    assert "Contents" not in bucket.list_objects_v2(Bucket=bucket.name)


def signature_of(handler, secret):
    """AWS Signature Version 4 of what arrived, by AWS's description of it."""
    parts = dict(part.strip().split("=", 1)
                 for part in handler.headers["Authorization"].split(" ", 1)[1].split(","))
    signed = parts["SignedHeaders"].split(";")
    path, _, query = handler.path.partition("?")
    lines = [f"{name}:{' '.join((handler.headers[name] or 'NOT SENT').split())}\n" for name in signed]
    canonical = "\n".join([handler.command, path, "&".join(sorted(query.split("&"))), "".join(lines),
                           ";".join(signed), handler.headers["x-amz-content-sha256"]])
    key_id, *scope = parts["Credential"].split("/")
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for word in scope:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    unsigned = {"host", "x-amz-content-sha256", "x-amz-date"} - set(signed)
    return not unsigned and hmac.compare_digest(
        hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), parts["Signature"])


LISTING = (b"<ListBucketResult><IsTruncated>false</IsTruncated>"
           b"<Contents><Key>p/x y</Key><Size>3</Size></Contents></ListBucketResult>")


@pytest.mark.parametrize("words", [
    ("list", "s3://bucket/p q", ""), ("upload", "s3://bucket/p", "{file}", "ü +&="),
    ("download", "s3://bucket/p", "x y", "{out}"), ("remove", "s3://bucket/p", "a/b")])
def test_s3_requests_are_signed(s3, tmp_path, words):
    """moto does not look at signatures, S3 does."""
    verdicts = []

    class Checking(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            whole = hashlib.sha256(body).hexdigest() == self.headers["x-amz-content-sha256"]
            verdicts.append((self.command, self.path, whole and signature_of(self, "secret")))
            text = LISTING if "list-type" in self.path else b"abc" if self.command == "GET" else b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_DELETE = do_POST = answer

        def log_message(self, *_):
            pass

    file = tmp_path / "small file"
    file.write_bytes(b"abc")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Checking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        filled = [word.format(file=file, out=tmp_path / "out") for word in words]
        run = s3.run(*filled, environment={
            "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_SESSION_TOKEN": "to/ken"})
    finally:
        server.shutdown()
        server.server_close()
    assert verdicts, run.stderr
    assert all(good for _, _, good in verdicts), verdicts
