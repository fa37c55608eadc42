#include "http/response_head.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace liquid::http {
namespace {

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {  // nearly every answer
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(status));
  out.push_back(' ');
  out.append(reason_phrase(status));
  out.append("\r\n");
}

void append_connection(std::string& out, const ResponseFrame& frame) {
  if (frame.after == AfterAnswer::close) {
    out.append("Connection: close\r\n");
  } else if (frame.request_minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
}

}  // namespace

std::string_view DateLine::now() {
  // The coarse clock is a memory read; it may be 4 ms behind, which a whole second can bear.
  timespec time{};
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return time.tv_sec == second_ ? std::string_view(text_) : at(time.tv_sec);
}

std::string_view DateLine::at(std::time_t second) {
  std::tm parts{};
  gmtime_r(&second, &parts);
  std::array<char, 64> line{};
  const int size =
      std::snprintf(line.data(), line.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                    kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                    kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                    parts.tm_hour, parts.tm_min, parts.tm_sec);
  text_.assign(line.data(), static_cast<std::size_t>(size));
  second_ = second;
  return text_;
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& out, const Response& response, const ResponseFrame& frame) {
  append_status_line(out, response.status);
  out.append(frame.date_line);
  if (status_has_body(response.status)) {
    out.append("Content-Length: ");
    append_number(out, response.content().size());
    out.append("\r\n");
  }
  append_connection(out, frame);
  if (response.stored) out.append(response.stored->head.text());
  out.append(response.headers.text());
  out.append("\r\n");
}

}  // namespace liquid::http
