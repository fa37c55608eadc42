// How fast the lexical index is. Steps, each one process, so that memory and start-up are its own:
//
//   liquid_search_bench dump PASSAGES QUERIES [--passages N …]   writes synthetic text, one per
//   line liquid_search_bench build FOLDER PASSAGES                    indexes the lines, ids are
//   line numbers liquid_search_bench search FOLDER QUERIES                    answers each line,
//   top 10 with their texts
//
// build and search print one JSON object.

#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "search/chunk_index.h"
#include "synthetic_corpus.h"

namespace liquid::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kTop = 10;
constexpr std::size_t kWarmUp = 50;
// Passages between two commits: what `liquid index add` does with a large file.
constexpr std::size_t kCommitEvery = 50'000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "liquid_search_bench: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().message);
  return std::move(result).value();
}

void must(const Result<void>& result) {
  if (!result) fail(result.error().message);
}

std::vector<std::string> read_lines(const std::string& file) {
  std::ifstream in(file);
  if (!in) fail(file + ": cannot open");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void write_lines(const std::string& file, const std::vector<std::string>& lines) {
  std::ofstream out(file);
  for (const std::string& line : lines) out << line << '\n';
  if (!out.flush()) fail(file + ": cannot write");
}

std::uint64_t status_bytes(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

// What this thread has computed; unlike the wall clock it leaves out other programs' turns.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double percentile(std::vector<double> times, double part) {
  if (times.empty()) return 0.0;
  std::sort(times.begin(), times.end());
  const auto index =
      static_cast<std::size_t>(std::lround(part * static_cast<double>(times.size() - 1)));
  return times[index];
}

void put_passage(search::ChunkIndex& index, std::size_t number, const std::string& text) {
  corpus::Document document;
  document.id = corpus::DocumentId(std::to_string(number));
  document.path = "passages.jsonl";
  document.content_hash = sha256(text);
  corpus::Chunk chunk;
  chunk.document_id = document.id;
  chunk.span = {0, text.size()};
  chunk.text = text;
  must(index.put(document, {chunk}));
}

void build(const std::string& folder, const std::string& file) {
  const std::vector<std::string> passages = read_lines(file);
  const std::uint64_t input = status_bytes("VmRSS");
  const Clock::time_point start = Clock::now();
  const double cpu_before = cpu_seconds();
  const std::unique_ptr<search::ChunkIndex> index =
      must(search::ChunkIndex::open(folder, search::OpenMode::create));
  for (std::size_t i = 0; i < passages.size(); ++i) {
    put_passage(*index, i, passages[i]);
    if ((i + 1) % kCommitEvery == 0) must(index->commit());
  }
  must(index->commit());
  const double seconds = seconds_since(start);
  const double cpu = cpu_seconds() - cpu_before;
  const Clock::time_point merging = Clock::now();
  must(index->merge());
  const search::IndexTotals totals = index->totals();
  std::printf(
      "{\"seconds\": %.3f, \"cpu_seconds\": %.3f, \"passages_per_second\": %.0f, "
      "\"merge_seconds\": %.3f, "
      "\"segments\": %llu, \"bytes_on_disk\": %llu, \"bytes_in_memory\": %llu, "
      "\"resident_bytes\": %llu}\n",
      seconds, cpu, static_cast<double>(passages.size()) / seconds, seconds_since(merging),
      static_cast<unsigned long long>(totals.segments),
      static_cast<unsigned long long>(totals.bytes_on_disk),
      static_cast<unsigned long long>(totals.bytes_in_memory),
      static_cast<unsigned long long>(status_bytes("VmHWM") - input));
}

void search(const std::string& folder, const std::string& file) {
  const std::vector<std::string> queries = read_lines(file);
  if (queries.empty()) fail(file + ": holds no questions");
  const std::uint64_t before = status_bytes("VmRSS");
  const Clock::time_point start = Clock::now();
  const std::unique_ptr<search::ChunkIndex> index =
      must(search::ChunkIndex::open(folder, search::OpenMode::read_only));
  const auto ask = [&](const std::string& text) {
    return must(index->search({.text = text, .top_k = kTop, .filter = {}}));
  };
  ask(queries.front());
  const double start_up = seconds_since(start);
  for (std::size_t i = 0; i < std::min(kWarmUp, queries.size()); ++i) ask(queries[i]);
  std::vector<double> times;
  std::vector<double> cpu_times;
  std::ostringstream times_json;
  std::ostringstream found_json;
  for (const std::string& query : queries) {
    const Clock::time_point asked = Clock::now();
    const double cpu_before = cpu_seconds();
    const search::RankedList list = ask(query);
    times.push_back(seconds_since(asked) * 1e3);
    cpu_times.push_back((cpu_seconds() - cpu_before) * 1e3);
    times_json << (times.size() > 1 ? ", " : "") << times.back();
    found_json << (times.size() > 1 ? ", [" : "[");
    for (std::size_t i = 0; i < list.hits.size(); ++i) {
      found_json << (i > 0 ? ", " : "") << list.hits[i].document_id;
    }
    found_json << "]";
  }
  std::printf(
      "{\"start_up_seconds\": %.4f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
      "\"p50_cpu_ms\": %.4f, \"p99_cpu_ms\": %.4f, \"resident_bytes\": %llu, "
      "\"times_ms\": [%s], \"found\": [%s]}\n",
      start_up, percentile(times, 0.5), percentile(times, 0.99), percentile(cpu_times, 0.5),
      percentile(cpu_times, 0.99), static_cast<unsigned long long>(status_bytes("VmRSS") - before),
      times_json.str().c_str(), found_json.str().c_str());
}

int run(int count, char** values) {
  CLI::App app("Speed of the lexical index over synthetic text");
  app.require_subcommand(1);
  CorpusOptions options;
  std::string first;
  std::string second;
  CLI::App* dump =
      app.add_subcommand("dump", "write synthetic passages and questions, one per line");
  dump->add_option("PASSAGES_FILE", first)->required();
  dump->add_option("QUERIES_FILE", second)->required();
  dump->add_option("--passages", options.passages)->capture_default_str();
  dump->add_option("--passage-words", options.passage_words)->capture_default_str();
  dump->add_option("--vocabulary", options.vocabulary)->capture_default_str();
  dump->add_option("--exponent", options.exponent)->capture_default_str();
  dump->add_option("--queries", options.queries)->capture_default_str();
  dump->add_option("--query-words", options.query_words)->capture_default_str();
  dump->add_option("--seed", options.seed)->capture_default_str();
  CLI::App* build_step = app.add_subcommand("build", "index a file of passages");
  build_step->add_option("FOLDER", first)->required();
  build_step->add_option("PASSAGES_FILE", second)->required();
  CLI::App* search_step = app.add_subcommand("search", "answer a file of questions");
  search_step->add_option("FOLDER", first)->required();
  search_step->add_option("QUERIES_FILE", second)->required();
  CLI11_PARSE(app, count, values);
  if (dump->parsed()) {
    write_lines(first, make_passages(options));
    write_lines(second, make_queries(options));
  }
  if (build_step->parsed()) build(first, second);
  if (search_step->parsed()) search(first, second);
  return 0;
}

}  // namespace
}  // namespace liquid::bench

int main(int count, char** values) { return liquid::bench::run(count, values); }
