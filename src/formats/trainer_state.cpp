#include "formats/trainer_state.h"

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "formats/python_json.h"

// trainer_state.json: one object, keys sorted, indented by two, as json.dumps(indent=2,
// sort_keys=True) writes it. Python writes NaN, Infinity and -Infinity as bare words, which no JSON
// has: `quote_bare_words` puts them into quotes before they are parsed.

namespace liquid::formats {
namespace {

namespace json = boost::json;

constexpr std::string_view kBareWords[] = {"NaN", "Infinity", "-Infinity"};

Error corrupt(const std::string& message) {
  return {ErrorCode::data_corrupt, "trainer_state.json: " + message};
}

/// What follows a number of a log entry: "step" is whole, all others are real.
std::string log_text(const TrainerLog& log) {
  std::vector<std::pair<std::string, std::string>> lines;
  lines.emplace_back("epoch", python_number(log.epoch));
  for (const auto& [name, value] : log.values) lines.emplace_back(name, python_number(value));
  lines.emplace_back("step", std::to_string(log.step));
  std::string text = "    {";
  const char* separator = "\n      ";
  for (const auto& [name, value] : lines) {
    text += separator + json::serialize(json::string(name)) + ": " + value;
    separator = ",\n      ";
  }
  return text + "\n    }";
}

std::string history_text(const std::vector<TrainerLog>& history) {
  if (history.empty()) return "[]";
  std::string text = "[";
  const char* separator = "\n";
  for (const TrainerLog& log : history) {
    text += separator + log_text(log);
    separator = ",\n";
  }
  return text + "\n  ]";
}

template <typename T, typename Write>
std::string optional_text(const std::optional<T>& value, Write write) {
  return value ? write(*value) : "null";
}

std::string quoted(const std::string& text) { return json::serialize(json::string(text)); }

/// Bare words outside of texts become texts.
std::string quote_bare_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    if (!inside) {
      std::string_view word;
      for (const std::string_view candidate : kBareWords) {
        if (text.substr(i).starts_with(candidate)) word = candidate;
      }
      if (!word.empty()) {
        out += '"' + std::string(word) + '"';
        i += word.size();
        continue;
      }
    }
    if (text[i] == '"') inside = !inside;
    if (inside && text[i] == '\\' && i + 1 < text.size()) out += text[i++];
    out += text[i++];
  }
  return out;
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  const json::string* word = value.if_string();
  if (word == nullptr) return std::nullopt;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (*word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (*word == "Infinity") return kInfinity;
  if (*word == "-Infinity") return -kInfinity;
  return std::nullopt;
}

/// Steps may be written as 10.0, and as a share of all steps (0.1), which counts as 0 here.
std::optional<std::int64_t> whole_of(const json::value& value) {
  const std::optional<double> number = number_of(value);
  if (!number || !(std::abs(*number) < 9e15)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

template <typename T, typename Read>
Result<void> take(const json::object& object, std::string_view key, T& field, Read read) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  const auto found = read(*value);
  if (!found) return corrupt("'" + std::string(key) + "' is no number");
  field = *found;
  return {};
}

Result<TrainerLog> read_log(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt("'log_history' holds something that is no object");
  TrainerLog log;
  for (const auto& [name, entry] : *object) {
    const std::optional<double> number = number_of(entry);
    if (!number) continue;  // a text or a list that some callback put there
    if (name == "epoch") {
      log.epoch = *number;
    } else if (name == "step") {
      log.step = whole_of(entry).value_or(0);
    } else {
      log.values.emplace_back(std::string(name), *number);
    }
  }
  return log;
}

Result<void> read_history(const json::object& object, TrainerState& state) {
  const json::value* history = object.if_contains("log_history");
  if (history == nullptr || history->is_null()) return {};
  if (!history->is_array()) return corrupt("'log_history' is no list");
  for (const json::value& entry : history->get_array()) {
    Result<TrainerLog> log = read_log(entry);
    if (!log) return std::move(log).error();
    state.log_history.push_back(*std::move(log));
  }
  return {};
}

Result<void> read_best(const json::object& object, TrainerState& state) {
  if (const json::value* path = object.if_contains("best_model_checkpoint");
      path != nullptr && path->is_string()) {
    state.best_model_checkpoint = std::string(path->get_string());
  }
  if (Result<void> read = take(object, "best_metric", state.best_metric, number_of); !read) {
    return read;
  }
  return take(object, "best_global_step", state.best_global_step, whole_of);
}

struct WholeField {
  const char* key;
  std::int64_t TrainerState::*field;
};
constexpr WholeField kWholeFields[] = {
    {"eval_steps", &TrainerState::eval_steps},
    {"global_step", &TrainerState::global_step},
    {"logging_steps", &TrainerState::logging_steps},
    {"max_steps", &TrainerState::max_steps},
    {"num_input_tokens_seen", &TrainerState::num_input_tokens_seen},
    {"num_train_epochs", &TrainerState::num_train_epochs},
    {"save_steps", &TrainerState::save_steps},
    {"train_batch_size", &TrainerState::train_batch_size}};

}  // namespace

std::string write_trainer_state(const TrainerState& state) {
  const auto whole = [](std::int64_t value) { return std::to_string(value); };
  const std::pair<const char*, std::string> lines[] = {
      {"best_global_step", optional_text(state.best_global_step, whole)},
      {"best_metric", optional_text(state.best_metric, python_number)},
      {"best_model_checkpoint", optional_text(state.best_model_checkpoint, quoted)},
      {"epoch", python_number(state.epoch)},
      {"eval_steps", whole(state.eval_steps)},
      {"global_step", whole(state.global_step)},
      {"is_hyper_param_search", "false"},
      {"is_local_process_zero", "true"},
      {"is_world_process_zero", "true"},
      {"log_history", history_text(state.log_history)},
      {"logging_steps", whole(state.logging_steps)},
      {"max_steps", whole(state.max_steps)},
      {"num_input_tokens_seen", whole(state.num_input_tokens_seen)},
      {"num_train_epochs", whole(state.num_train_epochs)},
      {"save_steps", whole(state.save_steps)},
      {"stateful_callbacks", "{}"},
      {"total_flos", python_number(state.total_flos)},
      {"train_batch_size", whole(state.train_batch_size)},
      {"trial_name", "null"},
      {"trial_params", "null"}};
  std::string text = "{";
  const char* separator = "\n  \"";
  for (const auto& [key, value] : lines) {
    text += separator + std::string(key) + "\": " + value;
    separator = ",\n  \"";
  }
  return text + "\n}\n";
}

Result<TrainerState> parse_trainer_state(std::string_view text) {
  json::error_code problem;
  const json::value root = json::parse(quote_bare_words(text), problem);
  if (problem || !root.is_object()) return corrupt("is not the JSON of a trainer's state");
  const json::object& object = root.get_object();
  TrainerState state;
  for (const WholeField& whole : kWholeFields) {
    if (Result<void> read = take(object, whole.key, state.*whole.field, whole_of); !read) {
      return std::move(read).error();
    }
  }
  Result<void> read = take(object, "epoch", state.epoch, number_of);
  if (read) read = take(object, "total_flos", state.total_flos, number_of);
  if (read) read = read_best(object, state);
  if (read) read = read_history(object, state);
  if (!read) return std::move(read).error();
  return state;
}

}  // namespace liquid::formats
