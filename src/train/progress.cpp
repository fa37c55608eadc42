#include "train/progress.h"

#include <boost/json.hpp>

#include "train/exact_number.h"

// progress = { "step": int, "epoch": int, "step_in_epoch": int, "positions": int,
//              "trained_tokens": int, "eval_step": int, "best_step": int,
//              "since_log": { "steps…": int, "loss": real, … },
//              "seconds": real, "train_loss": real, "eval_loss": real, "best_loss": real,
//              "history": [ [ step, epoch, name, value, name, value, … ], … ] }
// real     = a text in C's hexadecimal form ("0x1.8p+1"), which no parser rounds; absent = none

namespace liquid::train {
namespace {

namespace json = boost::json;

void put(json::object& object, const char* key, const std::optional<double>& value) {
  if (value) object[key] = exact_text(*value);
}

/// Takes fields out of an object; the first that is missing or wrong is remembered.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  std::int64_t whole(const char* key) {
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_int64()) return value->get_int64();
    note(key);
    return 0;
  }
  std::optional<double> optional_real(const char* key) {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
      note(key);
      return std::nullopt;
    }
    const auto number = exact_number(std::string(value->get_string()));
    if (!number) note(key);
    return number;
  }
  double real_number(const char* key) {
    const std::optional<double> value = optional_real(key);
    if (!value) note(key);
    return value.value_or(0);
  }
  const std::string& wrong() const { return wrong_; }

 private:
  void note(const char* key) {
    if (wrong_.empty()) wrong_ = key;
  }
  const json::object& object_;
  std::string wrong_;
};

json::object write_window(const StepReport& window) {
  return {{"loss", exact_text(window.loss)},
          {"trained_tokens", window.trained_tokens},
          {"positions", window.positions},
          {"seconds", exact_text(window.seconds)}};
}

Error corrupt(const std::string& what) { return {ErrorCode::data_corrupt, what}; }

json::array write_history(const std::vector<formats::TrainerLog>& history) {
  json::array array;
  for (const formats::TrainerLog& log : history) {
    json::array entry{log.step, exact_text(log.epoch)};
    for (const auto& [name, value] : log.values) {
      entry.emplace_back(name);
      entry.emplace_back(exact_text(value));
    }
    array.push_back(std::move(entry));
  }
  return array;
}

std::optional<double> real_at(const json::array& entry, std::size_t index) {
  if (index >= entry.size() || !entry[index].is_string()) return std::nullopt;
  return exact_number(std::string(entry[index].get_string()));
}

std::optional<formats::TrainerLog> parse_log(const json::value& value) {
  if (!value.is_array() || value.get_array().empty()) return std::nullopt;
  const json::array& entry = value.get_array();
  const auto epoch = real_at(entry, 1);
  if (!entry[0].is_int64() || !epoch) return std::nullopt;
  formats::TrainerLog log{.epoch = *epoch, .step = entry[0].get_int64(), .values = {}};
  for (std::size_t i = 2; i < entry.size(); i += 2) {
    const auto number = real_at(entry, i + 1);
    if (!entry[i].is_string() || !number) return std::nullopt;
    log.values.emplace_back(std::string(entry[i].get_string()), *number);
  }
  return log;
}

Result<std::vector<formats::TrainerLog>> parse_history(const json::object& object) {
  const json::value* found = object.if_contains("history");
  if (found == nullptr || !found->is_array()) return corrupt("field 'history' is missing");
  std::vector<formats::TrainerLog> history;
  for (const json::value& value : found->get_array()) {
    auto log = parse_log(value);
    if (!log) return corrupt("field 'history' is wrong at " + std::to_string(history.size()));
    history.push_back(std::move(*log));
  }
  return history;
}

Result<StepReport> parse_window(const json::object& object) {
  const json::value* found = object.if_contains("since_log");
  if (found == nullptr || !found->is_object()) return corrupt("field 'since_log' is missing");
  Fields fields(found->get_object());
  StepReport window;
  window.loss = fields.real_number("loss");
  window.trained_tokens = fields.whole("trained_tokens");
  window.positions = fields.whole("positions");
  window.seconds = fields.real_number("seconds");
  if (!fields.wrong().empty()) return corrupt("field 'since_log." + fields.wrong() + "' is wrong");
  return window;
}

}  // namespace

std::string write_progress(const Progress& progress) {
  json::object object{{"step", progress.step},
                      {"epoch", progress.epoch},
                      {"step_in_epoch", progress.step_in_epoch},
                      {"positions", progress.positions},
                      {"trained_tokens", progress.trained_tokens},
                      {"eval_step", progress.eval_step},
                      {"seconds", exact_text(progress.seconds)},
                      {"since_log", write_window(progress.since_log)},
                      {"history", write_history(progress.history)}};
  put(object, "train_loss", progress.train_loss);
  put(object, "eval_loss", progress.eval_loss);
  object["best_step"] = progress.best ? progress.best->step : -1;
  if (progress.best) object["best_loss"] = exact_text(progress.best->loss);
  return json::serialize(object);
}

Result<Progress> parse_progress(std::string_view text) {
  boost::system::error_code failure;
  const json::value value = json::parse({text.data(), text.size()}, failure);
  if (failure || !value.is_object()) return corrupt("expected a JSON object");
  Fields fields(value.get_object());
  Progress progress;
  progress.step = fields.whole("step");
  progress.epoch = fields.whole("epoch");
  progress.step_in_epoch = fields.whole("step_in_epoch");
  progress.positions = fields.whole("positions");
  progress.trained_tokens = fields.whole("trained_tokens");
  progress.eval_step = fields.whole("eval_step");
  progress.seconds = fields.real_number("seconds");
  progress.train_loss = fields.optional_real("train_loss");
  progress.eval_loss = fields.optional_real("eval_loss");
  const std::int64_t best_step = fields.whole("best_step");
  if (best_step >= 0) progress.best = {fields.real_number("best_loss"), best_step};
  if (!fields.wrong().empty()) return corrupt("field '" + fields.wrong() + "' is missing or wrong");
  auto window = parse_window(value.get_object());
  if (!window) return std::move(window).error();
  progress.since_log = *window;
  auto history = parse_history(value.get_object());
  if (!history) return std::move(history).error();
  progress.history = std::move(*history);
  return progress;
}

}  // namespace liquid::train
