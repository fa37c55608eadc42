#include "cache/reply_headers.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace liquid::cache {
namespace {

constexpr std::string_view kJsonHead = "Content-Type: application/json\r\n";
// Answers may depend on who asks, so shared caches must not keep them; browsers may, if they ask.
constexpr std::string_view kCacheControl = "Cache-Control: private, no-cache\r\n";
constexpr std::string_view kContentPrefix = "content-";
// One allocation holds all lines of a hit (about 220 bytes) and what outer layers add.
constexpr std::size_t kHeadBytes = 640;

std::string_view x_cache_line(Verdict verdict) {
  switch (verdict) {
    case Verdict::hit: return "X-Cache: HIT\r\n";
    case Verdict::miss: return "X-Cache: MISS\r\n";
    case Verdict::bypass: return "X-Cache: BYPASS\r\n";
  }
  return "";
}

std::string_view forward_parameter(Forward forward) {
  switch (forward) {
    case Forward::none: return "; hit";
    case Forward::uri_miss: return "; fwd=uri-miss";
    case Forward::stale: return "; fwd=stale";
    case Forward::request: return "; fwd=request";
    case Forward::bypass: return "; fwd=bypass";
  }
  return "";
}

void append_seconds(std::string& text, Monotonic::duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), std::max<long long>(seconds, 0));
  text.append(digits, end.ptr);
}

void append_age(std::string& text, Monotonic::duration age) {
  text.append("X-Cache-Age: ");
  const std::size_t begin = text.size();
  append_seconds(text, age);
  const std::size_t length = text.size() - begin;
  text.append("\r\nAge: ");
  text.append(text, begin, length);
  text.append("\r\n");
}

void append_outcome(std::string& text, const CacheReport& report) {
  text.append("Cache-Status: liquid");
  text.append(forward_parameter(report.forward));
  if (report.stored) text.append("; stored");
  if (report.collapsed) text.append("; collapsed");
  if (report.revalidated) text.append("; detail=revalidated");
}

}  // namespace

http::HeaderBlock content_head(const http::HeaderBlock& headers) {
  http::HeaderBlock kept;
  std::string_view rest = headers.text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size() - 2) + 2;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::string_view name = line.substr(0, line.find(':'));
    const bool describes_body =
        http::equals_ignoring_case(name.substr(0, kContentPrefix.size()), kContentPrefix) &&
        !http::equals_ignoring_case(name, "Content-Length");
    if (describes_body) kept.text().append(line);
  }
  if (kept.text() == kJsonHead) kept.clear();
  return kept;
}

http::Response answer_with(const StoredAnswer& answer, const CacheReport& report,
                           const Recipient& recipient) {
  const bool holds_it = !recipient.if_none_match.empty() &&
                        if_none_match(recipient.if_none_match, answer.tag, recipient.wildcard);
  http::Response response;
  std::string& text = response.headers.text();
  text.reserve(kHeadBytes);
  if (holds_it) {
    response.status = 304;
  } else {
    response.status = answer.reply->status;
    response.stored = answer.reply;
    if (answer.reply->head.text().empty()) text.append(kJsonHead);
  }
  text.append("ETag: ");
  answer.tag.append_to(text);
  text.append("\r\n");
  text.append(x_cache_line(report.verdict));
  if (report.verdict == Verdict::hit) append_age(text, recipient.now - answer.created);
  append_outcome(text, report);
  if (report.verdict == Verdict::hit) {
    text.append("; ttl=");
    append_seconds(text, answer.expires - recipient.now);
  }
  text.append("\r\n");
  text.append(kCacheControl);
  return response;
}

void add_cache_status(const CacheReport& report, http::Response& response) {
  std::string& text = response.headers.text();
  append_outcome(text, report);
  text.append("\r\n");
}

http::Response error_answer(int status, std::string_view code, std::string_view detail) {
  std::string body = R"({"detail":")";
  body.append(detail).append(R"(","code":")").append(code).append("\"}");
  return http::json_response(status, std::move(body));
}

}  // namespace liquid::cache
