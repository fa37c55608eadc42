#include <boost/json.hpp>

#include "train/data/inspect.h"

// { "files": [path…], "files_left_out": [path…], "profile": (profile.cpp), "epochs", "max_length",
//   "steps_per_epoch", "micro_batches_per_epoch", "largest_micro_batch",
//   "cost": null | { "what", "weight_bytes", "trained_bytes", "activation_bytes", "memory_bytes",
//                    "available_bytes", "tokens_per_second", "seconds" }   null: not known
//   "samples": [ { "number", "tokens", "trained_tokens", "runs": [ { "text", "trained" } … ] } … ],
//   "bad_rows": [ { "file", "line", "reason" } … ], "warnings": [text…] }

namespace liquid::train {
namespace {

namespace json = boost::json;

json::value known(std::int64_t number) { return number > 0 ? json::value(number) : json::value(); }
json::value known(double number) { return number > 0 ? json::value(number) : json::value(); }

json::array texts(const std::vector<std::string>& all) {
  json::array list;
  for (const std::string& one : all) list.emplace_back(visible_text(one));
  return list;
}

json::value cost_json(const Inspection& inspection) {
  if (!inspection.options.cost) return nullptr;
  const CostEstimate& cost = *inspection.options.cost;
  return json::object{{"what", cost.what},
                      {"weight_bytes", known(cost.weight_bytes)},
                      {"trained_bytes", known(cost.trained_bytes)},
                      {"activation_bytes", known(cost.activation_bytes)},
                      {"memory_bytes", known(inspection.memory_bytes.value_or(0))},
                      {"available_bytes", known(cost.available_bytes)},
                      {"tokens_per_second", known(cost.positions_per_second)},
                      {"seconds", known(inspection.seconds.value_or(0))}};
}

json::array samples_json(const std::vector<ShownSample>& shown) {
  json::array samples;
  for (const ShownSample& sample : shown) {
    json::array runs;
    for (const TextRun& run : sample.runs) {
      runs.push_back(json::object{{"text", run.text}, {"trained", run.trained}});
    }
    samples.push_back(json::object{{"number", sample.number},
                                   {"tokens", sample.tokens},
                                   {"trained_tokens", sample.trained_tokens},
                                   {"runs", std::move(runs)}});
  }
  return samples;
}

json::array bad_rows_json(const std::vector<BadRow>& bad_rows) {
  json::array rows;
  for (const BadRow& row : bad_rows) {
    rows.push_back(json::object{
        {"file", visible_text(row.file.string())}, {"line", row.line}, {"reason", row.reason}});
  }
  return rows;
}

}  // namespace

std::string inspection_json(const Inspection& inspection) {
  const json::value profile = json::parse(mlflow_profile(inspection.profile));
  return json::serialize(
      json::object{{"files", texts(inspection.files)},
                   {"files_left_out", texts(inspection.files_left_out)},
                   {"profile", profile},
                   {"epochs", inspection.options.epochs},
                   {"max_length", inspection.options.max_length},
                   {"steps_per_epoch", inspection.steps_per_epoch},
                   {"micro_batches_per_epoch", inspection.micro_batches_per_epoch},
                   {"largest_micro_batch", inspection.largest_micro_batch},
                   {"cost", cost_json(inspection)},
                   {"samples", samples_json(inspection.shown)},
                   {"bad_rows", bad_rows_json(inspection.bad_rows)},
                   {"warnings", texts(inspection.warnings)}});
}

}  // namespace liquid::train
