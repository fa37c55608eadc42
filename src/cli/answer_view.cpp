#include "cli/answer_view.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace liquid::cli {
namespace {

namespace json = boost::json;

Result<json::object> parsed(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object() || !value.get_object().contains("answer")) {
    return Error{ErrorCode::data_corrupt, "the server's answer is none that /ask gives"};
  }
  return std::move(value.get_object());
}

std::string text_of(const json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::string confidence_of(const json::value* value) {
  boost::system::error_code error;
  const double number = value == nullptr ? 0.0 : value->to_number<double>(error);
  return value == nullptr || error ? "unknown" : fmt::format("{:.2f}", number);
}

}  // namespace

Result<std::string> answer_view(std::string_view answer_json, const AnswerOrigin& origin) {
  const auto answer = parsed(answer_json);
  if (!answer) return answer.error();
  std::string view = text_of(answer->if_contains("answer")) + "\n";
  if (const json::value* sources = answer->if_contains("sources");
      sources != nullptr && sources->is_array() && !sources->get_array().empty()) {
    view += "\nSources\n";
    std::size_t number = 0;
    for (const json::value& source : sources->get_array()) {
      view += fmt::format("  {}. {}\n", ++number, text_of(&source));
    }
  }
  view += fmt::format("\nConfidence {}", confidence_of(answer->if_contains("confidence")));
  if (const json::value* used = answer->if_contains("context_used"); used != nullptr) {
    view += ", passages " + json::serialize(*used);
  }
  if (!origin.cache.empty()) view += ", cache " + origin.cache;
  view += fmt::format(", {:.1f} ms\n", origin.milliseconds);
  return view;
}

Result<std::string> answer_view_json(std::string_view answer_json, const AnswerOrigin& origin) {
  auto answer = parsed(answer_json);
  if (!answer) return std::move(answer).error();
  (*answer)["x_cache"] = origin.cache.empty() ? json::value(nullptr) : json::value(origin.cache);
  (*answer)["milliseconds"] = origin.milliseconds;
  return json::serialize(*answer) + "\n";
}

}  // namespace liquid::cli
