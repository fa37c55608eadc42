#include "cache/flight_runner.h"

#include <string>
#include <utility>
#include <vector>

#include "cache/counters.h"
#include "cache/reply_headers.h"

namespace liquid::cache {
namespace {

// Queues empty at the rate of computations; a second is about how long one takes.
constexpr std::string_view kRetryAfterSeconds = "1";

http::Response unavailable(std::string_view detail) {
  http::Response response = error_answer(503, "unavailable", detail);
  response.headers.add("Retry-After", kRetryAfterSeconds);
  return response;
}

bool is_success(int status) { return status >= 200 && status < 300; }

bool is_complete(int status) { return is_success(status) && status != 206; }

/// The parts of a computed answer that describe its body, whichever way it carries them.
http::StoredReply to_reply(http::Response response) {
  http::StoredReply reply{.status = response.status, .head = {}, .body = {}};
  if (response.stored) {
    reply.head = content_head(response.stored->head);
    reply.body = response.stored->body;
  } else {
    reply.head = content_head(response.headers);
    reply.body = std::move(response.body);
  }
  // Room that a string kept for growing would be paid for as long as the entry lives.
  reply.body.shrink_to_fit();
  reply.head.text().shrink_to_fit();
  return reply;
}

StoredAnswer unstored(NewEntry entry) {
  return {.reply = std::make_shared<const http::StoredReply>(std::move(entry.reply)),
          .tag = entry.tag,
          .created = entry.created,
          .expires = entry.created + entry.ttl,
          .cost = entry.cost};
}

struct Outcome {
  AnswerKind kind;
  http::CacheOutcome reported;
};

Outcome outcome_of(const CacheReport& report, const Waiter& waiter) {
  switch (report.verdict) {
    case Verdict::miss: return {AnswerKind::miss, http::CacheOutcome::miss};
    case Verdict::bypass: return {AnswerKind::bypass, http::CacheOutcome::bypass};
    case Verdict::hit: break;
  }
  if (waiter.joined) return {AnswerKind::joined, http::CacheOutcome::joined};
  if (report.revalidated) return {AnswerKind::revalidated, http::CacheOutcome::revalidated};
  return {AnswerKind::fresh, http::CacheOutcome::hit};
}

}  // namespace

FlightRunner::FlightRunner(const CacheParts& parts, const IndexState& index, WorkerPool& pool)
    : parts_(parts), index_(index), pool_(pool) {}

WantedEdition FlightRunner::wanted_edition() const {
  WantedEdition wanted{.epoch = Digest{}, .version = index_.answer_version()};
  if (!index_.current_epoch(*wanted.epoch)) wanted.epoch.reset();
  return wanted;
}

void FlightRunner::board(const Route& route, std::shared_ptr<Flight> flight, Waiter waiter) {
  FlightTable::Boarding boarding = parts_.flights.board(std::move(flight), std::move(waiter));
  switch (boarding.seat) {
    case FlightTable::Seat::follower: return;
    case FlightTable::Seat::refused:
      answer_failure(boarding.refused,
                     unavailable("too many requests wait for this answer already"));
      return;
    case FlightTable::Seat::leader: break;
  }
  const std::shared_ptr<Flight> own = std::move(boarding.flight);
  if (own->purpose == Purpose::answer) {
    // A flight for the same answer may have landed between the look-up and now.
    Lookup lookup = route.plan.store->find(own->key, own->edition, parts_.clock.monotonic());
    if (lookup.freshness == Freshness::fresh) {
      answer_all(*own, {.source = Landing::Source::found, .answer = std::move(lookup.answer)});
      return;
    }
  }
  if (!pool_.try_submit([this, &route, own] { run(route, *own); })) {
    answer_all(*own, {.failure = unavailable("too many answers are being computed already")});
  }
}

void FlightRunner::run(const Route& route, Flight& flight) {
  std::optional<Landing> valid;
  if (flight.purpose == Purpose::answer) valid = find_valid(route, flight);
  answer_all(flight, valid ? std::move(*valid) : compute(route, flight));
}

std::optional<FlightRunner::Landing> FlightRunner::find_valid(const Route& route,
                                                              const Flight& flight) {
  MemoryStore& store = *route.plan.store;
  Lookup lookup = store.find(flight.key, wanted_edition(), parts_.clock.monotonic());
  switch (lookup.freshness) {
    case Freshness::absent:
    case Freshness::expired: return std::nullopt;
    case Freshness::other_version:
      store.invalidate(flight.key, *lookup.answer.reply);
      return std::nullopt;
    case Freshness::fresh:
      return Landing{.source = Landing::Source::found, .answer = std::move(lookup.answer)};
    case Freshness::outdated: break;
  }
  const auto evidence = route.spec.current_evidence(std::string(flight.key.canonical()));
  if (!evidence.ok) return std::nullopt;
  if (evidence.evidence != lookup.evidence) {
    store.invalidate(flight.key, *lookup.answer.reply);
    return std::nullopt;
  }
  store.renew(flight.key, *lookup.answer.reply, evidence.epoch);
  return Landing{.source = Landing::Source::revalidated, .answer = std::move(lookup.answer)};
}

FlightRunner::Landing FlightRunner::compute(const Route& route, const Flight& flight) {
  const Monotonic begin = parts_.clock.monotonic();
  Computed computed = route.spec.compute(std::string(flight.key.canonical()));
  const Monotonic end = parts_.clock.monotonic();
  if (!is_success(computed.response.status)) return {.failure = std::move(computed.response)};
  NewEntry entry{.reply = to_reply(std::move(computed.response)),
                 .tag = {},
                 // The version from before: if it changed meanwhile, the answer may be of either.
                 .edition = {computed.provenance.epoch, flight.edition.version},
                 .evidence = computed.provenance.evidence,
                 .document_ids = std::move(computed.provenance.document_ids),
                 .created = end,
                 .ttl = route.plan.ttl,
                 .cost = std::chrono::duration_cast<std::chrono::microseconds>(end - begin)};
  entry.tag = EntityTag::of(entry.reply.body);
  return keep(route, flight, std::move(entry));
}

FlightRunner::Landing FlightRunner::keep(const Route& route, const Flight& flight, NewEntry entry) {
  const bool has_provenance = entry.edition.epoch != Digest{};
  // Not when a newer flight took this one's place: its answer would be overwritten by an older one.
  const bool may_be_stored =
      is_complete(entry.reply.status) && has_provenance && parts_.flights.is_current(flight);
  if (!may_be_stored) return {.answer = unstored(std::move(entry))};
  auto inserted = route.plan.store->insert(flight.key, std::move(entry), flight.mark);
  return {.answer = std::move(inserted.answer),
          .stored = inserted.insertion == MemoryStore::Insertion::stored};
}

void FlightRunner::answer_all(Flight& flight, const Landing& landing) {
  std::vector<Waiter> waiters = parts_.flights.land(flight);
  const Monotonic now = parts_.clock.monotonic();
  for (Waiter& waiter : waiters) {
    if (landing.answer) {
      answer(waiter, landing, now);
    } else {
      answer_failure(waiter, landing.failure);
    }
  }
}

void FlightRunner::answer(Waiter& waiter, const Landing& landing, Monotonic now) {
  CacheReport report;
  if (landing.source == Landing::Source::computed) {
    // Who joined a miss cost nothing: that is a hit. A bypass stays one.
    const bool is_joined_miss = waiter.joined && waiter.verdict == Verdict::miss;
    report = {.verdict = is_joined_miss ? Verdict::hit : waiter.verdict,
              .forward = waiter.forward,
              .stored = landing.stored,
              .collapsed = waiter.joined};
  } else {
    report.revalidated = landing.source == Landing::Source::revalidated;
  }
  // `*` fits what existed before the request; an answer made for it did not.
  const Wildcard wildcard =
      landing.source == Landing::Source::computed ? Wildcard::ignored : Wildcard::matches;
  http::Response response =
      answer_with(*landing.answer, report, {waiter.if_none_match, wildcard, now});
  const Outcome outcome = outcome_of(report, waiter);
  const bool is_hit = report.verdict == Verdict::hit;
  parts_.counters.count_answer(is_hit && response.status == 304 ? AnswerKind::not_modified
                                                                : outcome.kind);
  if (is_hit) parts_.counters.count_saved(landing.answer->cost);
  waiter.completion(std::move(response), outcome.reported);
}

void FlightRunner::answer_failure(Waiter& waiter, http::Response failure) {
  add_cache_status({.forward = waiter.forward, .collapsed = waiter.joined}, failure);
  parts_.counters.count_answer(AnswerKind::failure);
  waiter.completion(std::move(failure), http::CacheOutcome::none);
}

}  // namespace liquid::cache
