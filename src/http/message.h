#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace liquid::http {

enum class Method { get, head, post, put, patch, del, options, other };

struct HeaderField {
  std::string_view name;  ///< As received; compare with `equals_ignoring_case`.
  std::string_view value;
};

bool equals_ignoring_case(std::string_view left, std::string_view right);

/// One request as it lies in the connection's buffer. All views die when `Layer::enter` of the last
/// layer has returned: work that goes on later (Deferred) copies what it needs first.
struct Request {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;  ///< Origin form, e.g. "/search?x=1".
  std::string_view path;    ///< Up to '?', not percent-decoded.
  std::string_view query;   ///< Behind '?', may be empty.
  std::span<const HeaderField> headers;
  std::string_view body;

  /// Value of the first header of that name (case ignored), empty when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

/// Header lines as they go over the wire ("name: value\r\n" each). Names are written as given.
class HeaderBlock {
 public:
  /// `value` must hold no CR, LF or NUL; such characters are dropped (no response splitting).
  void add(std::string_view name, std::string_view value);
  /// Value of the first line of that name (case ignored), empty when absent.
  std::string_view find(std::string_view name) const;
  bool contains(std::string_view name) const;
  void remove(std::string_view name);
  void clear() { text_.clear(); }
  const std::string& text() const { return text_; }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

/// The part of an answer that can be kept and sent many times: immutable, shared with the cache.
/// `head` holds what belongs to the content (Content-Type, ETag); Content-Length, Date and
/// everything per request are added when it is sent.
struct StoredReply {
  int status = 200;
  HeaderBlock head;
  std::string body;
};

/// What goes back. The body is either `stored` (shared) or `body`; a `stored` reply brings its own
/// content headers, `headers` holds this request's own.
struct Response {
  int status = 200;
  HeaderBlock headers;
  std::string body;
  std::shared_ptr<const StoredReply> stored;

  std::string_view content() const { return stored ? std::string_view(stored->body) : body; }
};

/// A reply with `Content-Type: application/json`.
Response json_response(int status, std::string body);
Response text_response(int status, std::string_view content_type, std::string body);

/// "Not Found" for 404 (RFC 9110 names, 429 and 431 from RFC 6585); "" for unknown codes.
std::string_view reason_phrase(int status);

}  // namespace liquid::http
