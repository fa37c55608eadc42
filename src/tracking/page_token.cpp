#include "tracking/page_token.h"

#include <array>
#include <boost/json/parse.hpp>
#include <optional>

namespace liquid::tracking {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= group.size() ? kAlphabet[bits >> (18U - 6U * i) & 0x3FU] : '=';
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFFU);
  }
  return bytes;
}

}  // namespace

std::string token_of_offset(std::int64_t offset) {
  return base64("{\"offset\": " + std::to_string(offset) + "}");
}

Result<std::int64_t> offset_of_token(std::string_view token) {
  if (token.empty()) return std::int64_t{0};
  const Error invalid{ErrorCode::invalid_argument,
                      "Invalid page token '" + std::string(token) + "'"};
  const std::optional<std::string> json = from_base64(token);
  if (!json) return invalid;
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(*json, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* offset = object == nullptr ? nullptr : object->if_contains("offset");
  const std::int64_t* number = offset == nullptr ? nullptr : offset->if_int64();
  if (number == nullptr || *number < 1) return invalid;
  return *number;
}

}  // namespace liquid::tracking
