// Eviction policies and what an entry costs, measured through the real MemoryStore.
//   liquid_cache_policy_bench [--json] [--requests N]
//
// Parts: hit ratio (policy × Zipf exponent × one-time keys × cache size), operations per second
// with one and two threads, heap bytes per entry, cost of an eviction.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "cache/memory_store.h"
#include "counting_heap.h"
#include "request_stream.h"

namespace liquid::bench {
namespace {

using cache::EvictionPolicy;
using cache::Freshness;
using cache::Key;
using cache::MemoryStore;
using cache::NewEntry;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint32_t kKeys = 100'000;
constexpr std::size_t kNoByteLimit = std::size_t{1} << 40;
constexpr std::array kPolicies{EvictionPolicy::sieve, EvictionPolicy::lru};
constexpr std::array kExponents{0.7, 0.9, 1.0, 1.2};
constexpr std::array kOneTimeShares{0.0, 0.25};
constexpr std::array<std::size_t, 2> kCacheSizes{1'000, 10'000};
// The share of the requests that only fills the cache.
constexpr double kWarmUp = 0.25;

/// A store and what it borrows.
struct Store {
  explicit Store(const cache::StoreLimits& limits) : memory(limits, counters, clearings) {}

  cache::Counters counters;
  cache::ClearLog clearings;
  MemoryStore memory;
  cache::Edition edition{sha256("epoch"), sha256("version")};
  cache::WantedEdition wanted{edition.epoch, edition.version};
  Monotonic now{std::chrono::hours(1)};

  NewEntry entry(std::string body) const {
    NewEntry made;
    made.reply.body = std::move(body);
    made.edition = edition;
    made.created = now;
    made.ttl = std::chrono::minutes(5);
    return made;
  }
  bool has(const Key& key) { return memory.find(key, wanted, now).freshness == Freshness::fresh; }
  void put(const Key& key, std::string body) {
    memory.insert(key, entry(std::move(body)), clearings.mark());
  }
};

Key numbered_key(std::uint64_t number, std::size_t size = 0) {
  std::string canonical = "{\"question\":\"" + std::to_string(number) + "\"}";
  if (canonical.size() < size) canonical.append(size - canonical.size(), ' ');
  return Key({.tenant = "public", .route = "/ask", .canonical = canonical},
             {&hash64, process_seed()});
}

std::vector<Key> popular_keys() {
  std::vector<Key> keys;
  keys.reserve(kKeys);
  for (std::uint32_t i = 0; i < kKeys; ++i) keys.push_back(numbered_key(i));
  return keys;
}

double nanoseconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::nano>(SteadyClock::now() - begin).count();
}

// What this thread has computed; unlike the wall clock it leaves out other programs' turns.
double thread_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct HitRatio {
  std::string_view policy;
  double exponent;
  double one_time_share;
  std::size_t items;
  double percent;
};

HitRatio measure_hit_ratio(const RequestStream::Options& stream, const cache::StoreLimits& limits,
                           const std::vector<Key>& keys, std::size_t requests) {
  Store store(limits);
  RequestStream source(stream);
  const auto warm_up = static_cast<std::size_t>(static_cast<double>(requests) * kWarmUp);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    const std::uint64_t number = source.next();
    const std::optional<Key> one_time =
        number < kKeys ? std::nullopt : std::optional(numbered_key(number));
    const Key& key = one_time ? *one_time : keys[number];
    if (!store.has(key)) {
      store.put(key, "answer");
    } else if (i >= warm_up) {
      ++hits;
    }
  }
  return {eviction_policy_name(limits.policy), stream.exponent, stream.one_time_share,
          limits.max_items,
          100.0 * static_cast<double>(hits) / static_cast<double>(requests - warm_up)};
}

std::vector<HitRatio> measure_hit_ratios(const std::vector<Key>& keys, std::size_t requests) {
  std::vector<HitRatio> ratios;
  for (const double exponent : kExponents) {
    for (const double one_time : kOneTimeShares) {
      for (const std::size_t items : kCacheSizes) {
        for (const EvictionPolicy policy : kPolicies) {
          ratios.push_back(measure_hit_ratio(
              {.keys = kKeys, .exponent = exponent, .one_time_share = one_time},
              {.max_items = items, .max_bytes = kNoByteLimit, .policy = policy}, keys, requests));
        }
      }
    }
  }
  return ratios;
}

struct Throughput {
  std::string_view policy;
  std::string_view work;
  std::size_t items;
  int threads;
  double operations_per_second;
};

/// Runs `work(thread)` on so many threads and returns the operations of all per second.
double run_threads(int threads, std::size_t operations, const std::function<void(int)>& work) {
  const auto begin = SteadyClock::now();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) running.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : running) thread.join();
  return static_cast<double>(operations) * threads / (nanoseconds_since(begin) * 1e-9);
}

std::vector<std::uint32_t> zipf_numbers(int thread, std::size_t count, std::uint32_t keys) {
  RequestStream source({.keys = keys, .exponent = 1.0, .seed = 11 + static_cast<unsigned>(thread)});
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(source.next());
  return numbers;
}

Throughput measure_throughput(EvictionPolicy policy, std::size_t items, int threads,
                              const std::vector<Key>& keys, std::uint32_t asked) {
  constexpr std::size_t kOperations = 1'000'000;
  Store store({.max_items = items, .max_bytes = kNoByteLimit, .policy = policy});
  for (std::uint32_t i = 0; i < std::min<std::size_t>(items, asked); ++i)
    store.put(keys[i], "answer");
  std::vector<std::vector<std::uint32_t>> numbers;
  for (int i = 0; i < threads; ++i) numbers.push_back(zipf_numbers(i, kOperations, asked));
  const double rate = run_threads(threads, kOperations, [&](int thread) {
    for (const std::uint32_t number : numbers[static_cast<std::size_t>(thread)]) {
      if (!store.has(keys[number])) store.put(keys[number], "answer");
    }
  });
  return {eviction_policy_name(policy), asked <= items ? "hits only" : "Zipf 1.0, misses stored",
          items, threads, rate};
}

std::vector<Throughput> measure_throughputs(const std::vector<Key>& keys) {
  std::vector<Throughput> all;
  for (const std::size_t items : kCacheSizes) {
    for (const std::uint32_t asked : {static_cast<std::uint32_t>(items), kKeys}) {
      for (const EvictionPolicy policy : kPolicies) {
        for (const int threads : {1, 2}) {
          all.push_back(measure_throughput(policy, items, threads, keys, asked));
        }
      }
    }
  }
  return all;
}

struct Overhead {
  std::size_t items;
  std::size_t documents;
  double bytes;    ///< Heap bytes per entry beyond key and body.
  double charged;  ///< What the budget is charged beyond key and body.
};

Overhead measure_overhead(std::size_t items, std::size_t documents) {
  constexpr std::size_t kKeyBytes = 320;
  constexpr std::size_t kBodyBytes = 2048;
  const std::size_t before = heap_bytes_in_use();
  Store store({.max_items = items, .max_bytes = kNoByteLimit});
  std::size_t content = 0;
  for (std::size_t i = 0; i < items; ++i) {
    const Key key = numbered_key(i, kKeyBytes);
    NewEntry entry = store.entry(std::string(kBodyBytes, 'x'));
    for (std::size_t d = 0; d < documents; ++d) {
      entry.document_ids.push_back("docs/page-" + std::to_string((i * 7 + d) % 500) + ".md");
    }
    content += key.bytes().size() + kBodyBytes;
    store.memory.insert(key, std::move(entry), store.clearings.mark());
  }
  const double used = static_cast<double>(heap_bytes_in_use() - before - content);
  const double charged = static_cast<double>(store.memory.totals(store.now).bytes - content);
  return {items, documents, used / static_cast<double>(items),
          charged / static_cast<double>(items)};
}

struct EvictionCost {
  std::string_view policy;
  std::size_t items;
  double insert_ns;    ///< Into a store with room.
  double replace_ns;   ///< Into a full store: one eviction each.
  double eviction_ns;  ///< The difference.
};

/// Nanoseconds per insertion of keys [from, to).
double time_insertions(Store& store, const std::vector<Key>& keys, std::size_t from,
                       std::size_t to) {
  std::vector<NewEntry> entries;
  for (std::size_t i = from; i < to; ++i) entries.push_back(store.entry(std::string(512, 'x')));
  const double begin = thread_nanoseconds();
  for (std::size_t i = from; i < to; ++i) {
    store.memory.insert(keys[i], std::move(entries[i - from]), 0);
  }
  return (thread_nanoseconds() - begin) / static_cast<double>(to - from);
}

/// Every second entry was hit before, so that SIEVE's hand has work to do. Median of five stores.
EvictionCost measure_eviction(EvictionPolicy policy, std::size_t items) {
  constexpr int kRounds = 5;
  const std::size_t measured = std::max<std::size_t>(items / 4, 250);
  std::vector<Key> keys;
  for (std::size_t i = 0; i < items + measured; ++i) keys.push_back(numbered_key(i));
  std::vector<double> with_room;
  std::vector<double> full;
  for (int round = 0; round < kRounds; ++round) {
    Store store({.max_items = items, .max_bytes = kNoByteLimit, .policy = policy});
    time_insertions(store, keys, 0, items - measured);
    with_room.push_back(time_insertions(store, keys, items - measured, items));
    for (std::size_t i = 0; i < items; i += 2) store.has(keys[i]);
    full.push_back(time_insertions(store, keys, items, items + measured));
  }
  const auto median = [](std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + kRounds / 2, values.end());
    return values[kRounds / 2];
  };
  const double insert = median(with_room);
  const double replace = median(full);
  return {eviction_policy_name(policy), items, insert, replace, replace - insert};
}

struct Results {
  std::size_t requests;
  std::vector<HitRatio> hit_ratios;
  std::vector<Throughput> throughputs;
  std::vector<Overhead> overheads;
  std::vector<EvictionCost> evictions;
};

Results measure(std::size_t requests) {
  Results results{
      .requests = requests, .hit_ratios = {}, .throughputs = {}, .overheads = {}, .evictions = {}};
  for (const std::size_t items : {std::size_t{1'000}, std::size_t{100'000}}) {
    for (const std::size_t documents : {std::size_t{0}, std::size_t{5}}) {
      results.overheads.push_back(measure_overhead(items, documents));
    }
    for (const EvictionPolicy policy : kPolicies) {
      results.evictions.push_back(measure_eviction(policy, items));
    }
  }
  const std::vector<Key> keys = popular_keys();
  results.throughputs = measure_throughputs(keys);
  results.hit_ratios = measure_hit_ratios(keys, requests);
  return results;
}

void print_tables(const Results& results) {
  fmt::print("hit ratio, {} requests, {} keys\n", results.requests, kKeys);
  for (const HitRatio& row : results.hit_ratios) {
    fmt::print("  zipf {:.1f}  one-time {:2.0f} %  {:6} items  {:5}  {:5.1f} %\n", row.exponent,
               row.one_time_share * 100, row.items, row.policy, row.percent);
  }
  fmt::print("operations per second\n");
  for (const Throughput& row : results.throughputs) {
    fmt::print("  {:5}  {:6} items  {} threads  {:25} {:6.2f} M/s\n", row.policy, row.items,
               row.threads, row.work, row.operations_per_second * 1e-6);
  }
  fmt::print("heap bytes per entry beyond key and body\n");
  for (const Overhead& row : results.overheads) {
    fmt::print("  {:6} items  {} documents  {:.0f} (charged {:.0f})\n", row.items, row.documents,
               row.bytes, row.charged);
  }
  fmt::print("cost of an insertion: with room, into a full store, the eviction alone\n");
  for (const EvictionCost& row : results.evictions) {
    fmt::print("  {:5}  {:6} items  {:.0f} ns  {:.0f} ns  {:.0f} ns\n", row.policy, row.items,
               row.insert_ns, row.replace_ns, row.eviction_ns);
  }
}

/// `write(row)` of every row, as a JSON array.
template <typename Row, typename Write>
std::string json_rows(const std::vector<Row>& rows, Write write) {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "" : ",") + write(row);
  return "[" + text + "]";
}

void print_json(const Results& results) {
  const std::string ratios = json_rows(results.hit_ratios, [](const HitRatio& row) {
    return fmt::format(
        R"({{"policy":"{}","exponent":{},"one_time_share":{},"items":{},"hit_percent":{:.3f}}})",
        row.policy, row.exponent, row.one_time_share, row.items, row.percent);
  });
  const std::string throughputs = json_rows(results.throughputs, [](const Throughput& row) {
    return fmt::format(
        R"({{"policy":"{}","work":"{}","items":{},"threads":{},"operations_per_second":{:.0f}}})",
        row.policy, row.work, row.items, row.threads, row.operations_per_second);
  });
  const std::string overheads = json_rows(results.overheads, [](const Overhead& row) {
    return fmt::format(R"({{"items":{},"documents":{},"bytes":{:.1f},"charged":{:.1f}}})",
                       row.items, row.documents, row.bytes, row.charged);
  });
  const std::string evictions = json_rows(results.evictions, [](const EvictionCost& row) {
    return fmt::format(
        R"({{"policy":"{}","items":{},"insert_ns":{:.1f},"replace_ns":{:.1f},"eviction_ns":{:.1f}}})",
        row.policy, row.items, row.insert_ns, row.replace_ns, row.eviction_ns);
  });
  fmt::print(R"({{"requests":{},"hit_ratios":{},"throughputs":{},"overheads":{},"evictions":{}}})"
             "\n",
             results.requests, ratios, throughputs, overheads, evictions);
}

int run(int argc, char** argv) {
  CLI::App app{"Eviction policies and the cost of an entry, through the real store"};
  bool as_json = false;
  std::size_t requests = 2'000'000;
  app.add_flag("--json", as_json, "one JSON object instead of tables");
  app.add_option("--requests", requests, "per hit ratio")->check(CLI::Range(1'000, 100'000'000));
  CLI11_PARSE(app, argc, argv);
  const Results results = measure(requests);
  if (as_json) {
    print_json(results);
  } else {
    print_tables(results);
  }
  return 0;
}

}  // namespace
}  // namespace liquid::bench

int main(int argc, char** argv) { return liquid::bench::run(argc, argv); }
