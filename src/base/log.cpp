#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>

#include "base/unicode.h"

namespace liquid {
namespace {

constexpr std::size_t kQueuedLines = 8192;
constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error",
                                                         "off"};

std::atomic<LogLevel> current_level{LogLevel::info};

// spdlog's thread and queue live as long as the process; the logger is made at the first line.
spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    spdlog::init_thread_pool(kQueuedLines, 1);
    auto made = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>("liquid");
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

std::string timestamp() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const auto millis = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  const std::time_t seconds = system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis);
}

void append_value(std::string& line, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    append_json_string(line, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    line += std::to_string(*integer);
  } else {
    const double number = std::get<double>(field.value);
    line += std::isfinite(number) ? fmt::format("{}", number) : "null";
  }
}

bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

// One code point at `position`, which moves behind it.
void append_escaped(std::string& out, std::string_view text, std::size_t& position) {
  const std::size_t start = position;
  const char32_t code_point = next_code_point(text, position);
  if (code_point == '"' || code_point == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(code_point));
  } else if (code_point == '\n') {
    out += "\\n";
  } else if (code_point == '\t') {
    out += "\\t";
  } else if (code_point < 0x20) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(code_point));
  } else if (code_point == U'\uFFFD') {
    append_utf8(out, code_point);
  } else {
    out.append(text.substr(start, position - start));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t position = 0; position < text.size();) {
    // Most text is runs of characters that stand for themselves.
    std::size_t plain = position;
    while (plain < text.size() && stands_for_itself(text[plain])) ++plain;
    out.append(text.substr(position, plain - position));
    position = plain;
    if (position < text.size()) append_escaped(out, text, position);
  }
  out.push_back('"');
}

bool log_enabled(LogLevel level) { return level >= current_level.load(std::memory_order_relaxed); }

void set_log_level(LogLevel level) { current_level.store(level, std::memory_order_relaxed); }

bool parse_log_level(std::string_view text, LogLevel& level) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) {
      level = static_cast<LogLevel>(i);
      return true;
    }
  }
  return false;
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!log_enabled(level)) return;
  std::string line = "{\"time\":\"" + timestamp() + "\",\"level\":\"";
  line += kLevelNames[static_cast<std::size_t>(level)];
  line += "\",\"event\":";
  append_json_string(line, event);
  for (const LogField& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    append_value(line, field);
  }
  line.push_back('}');
  sink().info(line);
}

void flush_log() {
  // The pool's destructor drains the queue; a flush message alone would not wait for it.
  sink().flush();
}

}  // namespace liquid
