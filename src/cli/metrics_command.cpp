#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/run_choice.h"
#include "cli/text_plot.h"
#include "cli/tracking_client.h"
#include "cli/tracking_json.h"
#include "cli/tracking_views.h"

// liquid metrics history

namespace liquid::cli {
namespace {

struct HistoryFlags {
  TrackingFlags tracking;
  OutputFlags output;
  std::string run;
  std::string key;
  bool plot = false;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid metrics history 3f2a loss\n"
    "  liquid metrics history 3f2a loss --plot\n"
    "  liquid metrics history 3f2a loss --csv > loss.csv\n";

Error no_such_metric(const tracking::Run& run, const std::string& key) {
  std::string message = "run " + run.info.id.str() + " has no metric '" + key + "'";
  if (!run.metrics.empty()) message += "; it has:";
  for (const tracking::Metric& metric : run.metrics) message += " " + metric.key;
  return {ErrorCode::not_found, message};
}

Listing listing_of(const std::vector<tracking::Metric>& points, Digits digits) {
  Listing listing;
  listing.head = {{"STEP", Align::right}, {"VALUE", Align::right}, {"TIME"}};
  for (const tracking::Metric& point : points) {
    listing.rows.push_back({std::to_string(point.step), number_text(point.value, digits),
                            readable_time(point.timestamp_ms)});
  }
  listing.json = json_list("metrics", points);
  return listing;
}

void print_plot(const std::vector<tracking::Metric>& points) {
  Curve curve;
  for (const tracking::Metric& point : points) {
    curve.points.emplace_back(static_cast<double>(point.step), point.value);
  }
  const std::size_t columns = terminal_columns(STDOUT_FILENO).value_or(80);
  std::cout << text_plot({curve}, {std::min<std::size_t>(columns, 120), 16});
}

int run_history(const HistoryFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto run = find_run(*client->store, flags.run);
  if (!run) return failure(run.error());
  const auto page =
      client->store->runs().metric_history({run->info.id, flags.key, std::nullopt, {}});
  if (!page) return failure(page.error());
  if (page->items.empty()) return failure(no_such_metric(*run, flags.key));
  if (flags.plot) {
    print_plot(page->items);
  } else {
    print(listing_of(page->items, digits_for(flags.output)), flags.output);
  }
  return kSuccess;
}

}  // namespace

void add_metrics_command(CLI::App& app, int& status) {
  CLI::App* group = app.add_subcommand("metrics", "Curves of runs");
  group->footer(kExamples);
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("history", "All points of one metric");
  const auto flags = std::make_shared<HistoryFlags>();
  add_tracking_option(*command, flags->tracking);
  command->add_option("run", flags->run, "The run's id, or the beginning of it")->required();
  command->add_option("metric,--key", flags->key, "The metric's name")->required();
  add_output_options(*command, flags->output);
  command->add_flag("--plot", flags->plot, "Draw the curve");
  command->callback([flags, &status] { status = run_history(*flags); });
}

}  // namespace liquid::cli
