#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace liquid {

enum class LogLevel { debug, info, warning, error, off };

/// One named value of a log line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

/// Writes one JSON line to stderr: {"time":"…","level":"info","event":"listening","port":8000}.
/// `event` is a constant phrase that can be searched for; what varies goes into fields.
/// Safe from any thread; a background thread does the writing, a full queue drops the oldest lines.
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// Lines below `level` are not written. Default: info.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

/// "debug", "info", "warning", "error", "off".
bool parse_log_level(std::string_view text, LogLevel& level);

/// Waits until every line handed over so far is written.
void flush_log();

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace liquid
