#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace liquid::http {

/// The line "Date: Mon, 23 Nov 2026 21:32:56 GMT\r\n", written anew once per second. One per I/O
/// thread.
class DateLine {
 public:
  std::string_view now();
  /// The same for a given moment (Unix seconds).
  std::string_view at(std::time_t second);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

enum class AfterAnswer { keep_alive, close };

/// What the status line and the connection's own headers are made from.
struct ResponseFrame {
  int request_minor_version = 1;
  AfterAnswer after = AfterAnswer::keep_alive;
  std::string_view date_line = {};
};

/// Appends everything up to and with the empty line: status, Date, Content-Length (unless the
/// status has no body), Connection where the version does not imply it, the stored head, the
/// answer's own headers.
void append_head(std::string& out, const Response& response, const ResponseFrame& frame);

/// 1xx, 204 and 304 never have a body (RFC 9110, section 6.4.1).
bool status_has_body(int status);

}  // namespace liquid::http
