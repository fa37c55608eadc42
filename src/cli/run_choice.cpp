#include "cli/run_choice.h"

#include <algorithm>
#include <cctype>

#include "cli/tracking_views.h"

namespace liquid::cli {
namespace {

constexpr std::size_t kWholeId = 32;
constexpr std::size_t kLeastPrefix = 4;
constexpr std::string_view kEllipsis = "…";

Result<std::vector<tracking::ExperimentId>> all_experiments(tracking::Store& store,
                                                            tracking::ViewType view) {
  tracking::ExperimentQuery query;
  query.view = view;
  query.max_results = INT64_MAX;
  const auto found = all_pages<tracking::Experiment>(
      query, [&store](const auto& next) { return store.experiments().search(next); });
  if (!found) return found.error();
  std::vector<tracking::ExperimentId> ids;
  for (const tracking::Experiment& each : *found) ids.push_back(each.id);
  return ids;
}

bool may_begin_an_id(std::string_view text) {
  return text.size() >= kLeastPrefix && std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
         });
}

Error several(std::string_view prefix, const std::vector<tracking::Run>& runs) {
  std::string message = "several runs begin with '" + std::string(prefix) + "':";
  for (const tracking::Run& run : runs) message += " " + run.info.id.str();
  return {ErrorCode::invalid_argument, message};
}

// '_' stands for any character in LIKE, so what comes back is looked at again.
Result<tracking::Run> find_by_prefix(tracking::Store& store, const std::string& prefix) {
  auto experiments = all_experiments(store, tracking::ViewType::all);
  if (!experiments) return std::move(experiments).error();
  tracking::RunQuery query;
  query.experiment_ids = std::move(*experiments);
  query.filter = "attributes.run_id LIKE '" + prefix + "%'";
  query.view = tracking::ViewType::all;
  query.max_results = 4;
  auto page = store.runs().search(query);
  if (!page) return std::move(page).error();
  std::erase_if(page->items, [&prefix](const tracking::Run& run) {
    return !run.info.id.str().starts_with(prefix);
  });
  if (page->items.empty()) {
    return Error{ErrorCode::not_found, "no run has the id '" + prefix + "' or begins with it"};
  }
  if (page->items.size() > 1) return several(prefix, page->items);
  return std::move(page->items.front());
}

}  // namespace

Result<tracking::Run> find_run(tracking::Store& store, std::string_view text) {
  if (text.ends_with(kEllipsis)) text.remove_suffix(kEllipsis.size());
  if (text.size() < kWholeId && may_begin_an_id(text)) {
    return find_by_prefix(store, std::string(text));
  }
  return store.runs().get(tracking::RunId(std::string(text)));
}

Result<std::vector<tracking::ExperimentId>> chosen_experiments(TrackingClient& client,
                                                               const ExperimentChoice& choice) {
  if (choice.id.empty() && choice.name.empty() && client.settings.experiment_name.empty() &&
      client.settings.experiment_id.empty()) {
    return all_experiments(*client.store, tracking::ViewType::active_only);
  }
  const auto chosen = chosen_experiment(client, choice);
  if (!chosen) return chosen.error();
  return std::vector<tracking::ExperimentId>{chosen->id};
}

}  // namespace liquid::cli
