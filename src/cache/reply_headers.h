#pragma once

#include <string_view>

#include "base/clock.h"
#include "cache/memory_store.h"
#include "http/message.h"

namespace liquid::cache {

/// What X-Cache says.
enum class Verdict { hit, miss, bypass };

/// Why the answer had to be computed: `fwd` of RFC 9211, 2.2.
enum class Forward {
  none,      ///< It had not.
  uri_miss,  ///< Nothing was stored under the key.
  stale,     ///< Something was: expired, of another version, or its evidence changed.
  request,   ///< The request's Cache-Control did not allow the stored answer.
  bypass     ///< Caching is off.
};

/// How one answer came about, as its headers tell it.
struct CacheReport {
  Verdict verdict = Verdict::hit;
  Forward forward = Forward::none;
  bool stored = false;
  bool collapsed = false;    ///< Shared another request's computation.
  bool revalidated = false;  ///< The index had moved, the evidence had not.
};

/// Which part of a computed answer's headers is stored: the lines named Content-*, which describe
/// the body. Everything else belongs to one request and is dropped. Empty when that is nothing but
/// the JSON content type, which `answer_with` then adds: so the usual entry stores no header text.
http::HeaderBlock content_head(const http::HeaderBlock& headers);

/// Who gets the answer.
struct Recipient {
  std::string_view if_none_match = {};
  Wildcard wildcard = Wildcard::ignored;  ///< What `If-None-Match: *` means for this answer.
  Monotonic now{};
};

/// The answer as it is sent: the stored reply, or 304 when the recipient holds it, with the cache's
/// headers (see README.md).
http::Response answer_with(const StoredAnswer& answer, const CacheReport& report,
                           const Recipient& recipient);

/// Adds Cache-Status to an answer that is not a success: it has no X-Cache.
void add_cache_status(const CacheReport& report, http::Response& response);

/// An error of the cache itself, in the API's JSON form: {"detail":"…","code":"…"}.
http::Response error_answer(int status, std::string_view code, std::string_view detail);

}  // namespace liquid::cache
