"""What the cache may hold, and how it lets go (section 2, rows 17, 18, 19, 26)."""

import os
import shutil
import subprocess

import pytest

from support.waiting import wait_until

QUESTION = "How high is Mount Aria?"


def test_a_body_of_ten_megabytes_is_refused(server):
    before = server.metrics()
    reply = server.post("/ask", b'{"question": "' + b"x" * 10_000_000 + b'"}')
    assert reply.status == 413
    after = server.metrics()
    assert after["total_requests"] - before["total_requests"] == 1
    assert after["total_errors"] - before["total_errors"] == 1
    assert server.cache_stats()["total_items"] == 0
    assert server.ask(QUESTION).status == 200


def test_a_body_just_below_the_limit_is_read(server):
    body = b'{"query": "Aria", "padding": "' + b"x" * (1024 * 1024 - 100) + b'"}'
    assert len(body) < 1024 * 1024
    assert server.post("/search", body).status == 200
    assert server.post("/search", body + b" " * 200).status == 413


def test_the_body_limit_can_be_set(start_server):
    server = start_server(max_body_bytes=1000)
    assert server.search("x" * 2000).status == 413
    assert server.search("x" * 100).status == 200


def test_no_more_items_than_allowed(start_server):
    server = start_server(cache_max_items=5)
    for i in range(20):
        assert server.search(f"Aria {i}").cache == "MISS"
    stats = server.cache_stats()
    assert stats["max_size"] == 5
    assert stats["total_items"] <= 5
    assert stats["utilization"] == pytest.approx(100.0 * stats["total_items"] / 5)


def test_no_more_bytes_than_allowed(start_server):
    budget = 256 * 1024
    server = start_server(cache_max_bytes=budget)
    for i in range(120):
        server.search("Aria " + "y" * 4000 + str(i))
    stats = server.cache_stats()
    assert 0 < stats["bytes"] <= budget
    assert 0 < stats["total_items"] < 120
    assert stats["evictions"]["capacity_bytes"] >= 60


def test_an_answer_large_for_the_budget_is_given_but_not_kept(start_server):
    """One answer must not push everything else out."""
    server = start_server(cache_max_bytes=256 * 1024)
    server.ask(QUESTION)
    reply = server.search("Aria " + "y" * 100_000)
    assert (reply.status, reply.cache) == (200, "MISS")
    stats = server.cache_stats()
    assert (stats["total_items"], stats["rejected_too_large"]) == (1, 1)
    assert server.ask(QUESTION).cache == "HIT"


@pytest.mark.parametrize("policy", ["sieve", "lru"])
def test_what_is_asked_often_stays(start_server, policy):
    server = start_server(cache_max_items=8, cache_policy=policy)
    server.search("Aria")
    for i in range(40):
        server.search(f"Belo {i}")
        assert server.search("Aria").cache == "HIT"


def test_lru_drops_the_one_unused_for_longest(start_server):
    server = start_server(cache_max_items=2, cache_policy="lru")
    server.search("Aria")
    server.search("Belo")
    server.search("Aria")
    server.search("Cardon")
    assert server.search("Aria").cache == "HIT"
    assert server.search("Belo").cache == "MISS"


def test_expired_entries_give_their_memory_back_unasked(start_server):
    server = start_server(cache_ttl=1)
    for i in range(10):
        server.search(f"Aria {i}")
    assert server.cache_stats()["valid_items"] == 10
    empty = wait_until(lambda: (stats := server.cache_stats())["total_items"] == 0 and stats,
                       "all expired entries are gone", 10)
    assert empty["bytes"] == 0
    assert empty["evictions"]["expired"] == 10
    assert server.search("Aria 1").cache == "MISS"


def test_life_times_can_differ_by_route(start_server):
    server = start_server(cache_ttl_search=1, cache_ttl=300)
    server.search("Aria")
    server.ask(QUESTION)
    wait_until(lambda: server.cache_stats()["total_items"] == 1, "the search entry expires", 10)
    assert server.ask(QUESTION).cache == "HIT"


def test_errors_are_not_stored(start_with_model, upstream):
    server = start_with_model(generator_retries=0)
    upstream.failures = [500, 400]
    assert server.ask(QUESTION).status >= 500
    assert server.ask(QUESTION).status >= 500
    assert server.ask(QUESTION).cache == "MISS"


def test_memory_comes_back_after_clearing(start_server):
    """200 answers of 1 MB cost the old server 193 MB; the budget bounds ours."""
    server = start_server(cache_max_bytes=8 * 1024 * 1024)
    for i in range(100):
        server.search("Aria " + "z" * 300_000 + str(i))
    assert server.cache_stats()["bytes"] <= 8 * 1024 * 1024
    assert resident_bytes(server) < 200 * 1024 * 1024


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- steps of the wall clock ---

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long offset(void) {
  FILE* file = fopen(getenv("CLOCK_OFFSET_FILE"), "r");
  long seconds = 0;
  if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
  return seconds;
}
int clock_gettime(clockid_t id, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int status = real(id, out);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) out->tv_sec += offset();
  return status;
}
int gettimeofday(struct timeval* out, void* zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


@pytest.fixture
def steppable_clock(tmp_path):
    """(environment, step): a preloaded library moves the wall clock, never the monotonic one."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "a C compiler is part of the set-up"
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c",
                    "-ldl"], check=True)
    offset = tmp_path / "offset"
    offset.write_text("0")
    environment = {"LD_PRELOAD": str(tmp_path / "shim.so"), "CLOCK_OFFSET_FILE": str(offset)}
    return environment, lambda seconds: offset.write_text(str(seconds))


def test_a_step_of_the_wall_clock_expires_and_prolongs_nothing(start_server, steppable_clock):
    environment, step = steppable_clock
    server = start_server(environment=environment)
    server.ask(QUESTION)
    year = 365 * 86400
    for seconds in (year, -year):
        step(seconds)
        hit = server.ask(QUESTION)
        assert hit.cache == "HIT"
        assert int(hit.header("Age")) < 60
    step(year)
    date = server.get("/status").header("Date")
    step(0)
    assert date != server.get("/status").header("Date"), "the shim reached the server's wall clock"
    step(year)
    assert server.cache_stats()["valid_items"] == 1
