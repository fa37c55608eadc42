#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace liquid::api {

/// Writes JSON text piece by piece; commas are its business, balance is the caller's.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);
  /// Bytes that are not UTF-8 become U+FFFD.
  JsonWriter& string(std::string_view text);
  /// The shortest form that reads back as the same double; null for what JSON cannot write.
  JsonWriter& number(double value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// JSON text that is ready.
  JsonWriter& raw(std::string_view json);

  std::string take() && { return std::move(text_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

/// Two digits behind the point, as clients of /health and /status know them.
double rounded(double value);

}  // namespace liquid::api
