#include "http/message.h"

#include <algorithm>

namespace liquid::http {
namespace {

// One allocation holds the header lines of a usual answer.
constexpr std::size_t kFirstHeaderBytes = 256;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr bool breaks_line(char c) { return c == '\r' || c == '\n' || c == '\0'; }

void append_clean(std::string& text, std::string_view part) {
  if (std::none_of(part.begin(), part.end(), breaks_line)) {
    text.append(part);
    return;
  }
  std::copy_if(part.begin(), part.end(), std::back_inserter(text),
               [](char c) { return !breaks_line(c); });
}

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< Behind the CRLF.
  std::string_view name;
  std::string_view value;
};

// The line at `begin` of a well-formed block; HeaderBlock::add writes no other.
Line line_at(std::string_view text, std::size_t begin) {
  const std::size_t colon = text.find(':', begin);
  const std::size_t end = text.find("\r\n", colon);
  return {.begin = begin,
          .end = end + 2,
          .name = text.substr(begin, colon - begin),
          .value = text.substr(colon + 2, end - colon - 2)};
}

// The first line of that name; `end` is 0 when there is none.
Line find_line(std::string_view text, std::string_view name) {
  for (std::size_t position = 0; position < text.size();) {
    const Line line = line_at(text, position);
    if (equals_ignoring_case(line.name, name)) return line;
    position = line.end;
  }
  return {};
}

Response response_with_content_type(int status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::string_view Request::header(std::string_view name) const {
  for (const HeaderField& field : headers) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(), [name](const HeaderField& field) {
    return equals_ignoring_case(field.name, name);
  });
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  if (text_.capacity() < kFirstHeaderBytes) text_.reserve(kFirstHeaderBytes);
  append_clean(text_, name);
  text_.append(": ");
  append_clean(text_, value);
  text_.append("\r\n");
}

std::string_view HeaderBlock::find(std::string_view name) const {
  return find_line(text_, name).value;
}

bool HeaderBlock::contains(std::string_view name) const { return find_line(text_, name).end != 0; }

void HeaderBlock::remove(std::string_view name) {
  for (Line line = find_line(text_, name); line.end != 0; line = find_line(text_, name)) {
    text_.erase(line.begin, line.end - line.begin);
  }
}

Response json_response(int status, std::string body) {
  return response_with_content_type(status, "application/json", std::move(body));
}

Response text_response(int status, std::string_view content_type, std::string body) {
  return response_with_content_type(status, content_type, std::move(body));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

}  // namespace liquid::http
