#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "tracking/client/open_store.h"
#include "tracking/models/log_model.h"
#include "tracking/models/model_folder.h"

// For tests/integration/tracking: what this room does, one call per start, on the store at
// MLFLOW_TRACKING_URI; answers with one line of JSON.

namespace {

using namespace liquid;
using namespace liquid::tracking;
namespace json = boost::json;

using Arguments = std::span<char* const>;
using Answer = Result<json::object>;

struct Session {
  const Clock& clock;
  Settings settings;
  std::unique_ptr<Store> store;
  ModelHome home() const { return {*store, settings}; }
};

json::object version_object(const ModelVersion& version) {
  return {{"name", version.name},
          {"version", version.version},
          {"source", version.source},
          {"run_id", version.run_id.str()},
          {"stage", static_cast<int>(version.stage)}};
}

Answer version_answer(const Result<ModelVersion>& version) {
  if (!version) return version.error();
  return version_object(*version);
}

/// folder MODEL OUT [ADAPTER|-] [local|pytorch|link]…
Answer write_folder(Session& session, Arguments arguments) {
  ModelFolder model;
  model.weights = OwnWeights{arguments[0]};
  if (arguments.size() > 2 && std::string(arguments[2]) != "-") model.adapter = arguments[2];
  for (const std::string choice : arguments.subspan(std::min<std::size_t>(3, arguments.size()))) {
    if (choice == "local") model.weights = LocalWeights{arguments[0]};
    if (choice == "pytorch") model.pytorch = PytorchFlavor::loader_script;
    if (choice == "link") model.transfer = FileTransfer::link;
  }
  Result<formats::MlModel> written = write_model_folder(model, arguments[1], session.clock);
  if (!written) return std::move(written).error();
  return json::object{{"model_size_bytes", written->model_size_bytes.value_or(0)}};
}

/// run EXPERIMENT: a new run with a loss at step 3.
Answer start_run(Session& session, Arguments arguments) {
  const Result<std::optional<Experiment>> known = session.store->experiments().find(arguments[0]);
  if (!known) return known.error();
  ExperimentId experiment;
  if (*known) {
    experiment = (*known)->id;
  } else {
    const Result<ExperimentId> made = session.store->experiments().create(
        {.name = arguments[0], .artifact_location = {}, .tags = {}});
    if (!made) return made.error();
    experiment = *made;
  }
  const Result<Run> run = session.store->runs().create(
      {.experiment_id = experiment,
       .user_id = "tester",
       .name = "",
       .start_time_ms = 1'700'000'000'000,
       .tags = {{"mlflow.user", "tester"}, {"mlflow.source.name", "train"}}});
  if (!run) return run.error();
  Metric loss;
  loss.key = "loss";
  loss.value = 0.25;
  loss.timestamp_ms = 1'700'000'000'500;
  loss.step = 3;
  Batch batch;
  batch.metrics = {loss};
  Result<void> logged = session.store->runs().log_batch(run->info.id, batch);
  if (!logged) return std::move(logged).error();
  return json::object{{"run_id", run->info.id.str()}};
}

/// log RUN FOLDER NAME [REGISTERED [ALIAS]]
Answer log_folder(Session& session, Arguments arguments) {
  ModelToLog model;
  model.run_id = RunId(arguments[0]);
  model.name = arguments[2];
  model.step = 3;
  model.params = {{"rank", "4"}};
  if (arguments.size() > 3) model.register_as = arguments[3];
  if (arguments.size() > 4) model.aliases = {arguments[4]};
  std::uint64_t done_bytes = 0;
  std::uint64_t all_bytes = 1;
  const Result<LoggedFolder> logged =
      log_model(session.home(), arguments[1], model, [&](std::uint64_t done, std::uint64_t total) {
        done_bytes = done;
        all_bytes = total;
      });
  if (!logged) return logged.error();
  json::object answer{{"uri", logged->uri},
                      {"model_id", logged->model_id.str()},
                      {"artifact_uri", logged->artifact_uri},
                      {"progress_ended", done_bytes == all_bytes}};
  if (logged->version) answer["version"] = version_object(*logged->version);
  return answer;
}

/// register URI NAME
Answer register_uri(Session& session, Arguments arguments) {
  return version_answer(register_model(session.home(), {.model_uri = arguments[0],
                                                        .name = arguments[1],
                                                        .description = "by the driver",
                                                        .tags = {{"made_by", "driver"}},
                                                        .aliases = {}}));
}

/// transition NAME VERSION STAGE
Answer transition(Session& session, Arguments arguments) {
  return version_answer(transition_model(*session.store, {arguments[0], arguments[1]}, arguments[2],
                                         ArchiveExisting::yes));
}

/// resolve URI
Answer resolve_uri(Session& session, Arguments arguments) {
  const Result<ModelUri> uri = parse_model_uri(arguments[0]);
  if (!uri) return uri.error();
  const Result<std::string> place = resolve(*uri, *session.store);
  if (!place) return place.error();
  return json::object{{"artifact_uri", *place}};
}

/// download URI FOLDER
Answer download(Session& session, Arguments arguments) {
  const Result<std::filesystem::path> place =
      download_model(session.home(), arguments[0], arguments[1], {});
  if (!place) return place.error();
  return json::object{{"path", place->string()}};
}

/// mlmodel FILE: read and written again, and its flavors.
Answer rewrite_mlmodel(Session& /*session*/, Arguments arguments) {
  const Result<std::string> text = read_file(arguments[0]);
  if (!text) return text.error();
  const Result<formats::MlModel> model = formats::parse_mlmodel(*text);
  if (!model) return model.error();
  return json::object{{"text", formats::write_mlmodel(*model)},
                      {"json", formats::mlmodel_as_json(*model)},
                      {"flavors", json::value_from(formats::flavor_names(*model))}};
}

struct Command {
  std::function<Answer(Session&, Arguments)> act;
  std::size_t arguments;
  bool needs_store;
};

const std::map<std::string, Command, std::less<>>& commands() {
  static const std::map<std::string, Command, std::less<>> kTable{
      {"folder", {write_folder, 2, false}},  {"run", {start_run, 1, true}},
      {"log", {log_folder, 3, true}},        {"register", {register_uri, 2, true}},
      {"transition", {transition, 3, true}}, {"resolve", {resolve_uri, 1, true}},
      {"download", {download, 2, true}},     {"mlmodel", {rewrite_mlmodel, 1, false}}};
  return kTable;
}

Answer perform(const Command& command, Arguments arguments) {
  const SystemClock clock;
  Result<Settings> settings = settings_from(process_environment());
  if (!settings) return std::move(settings).error();
  Session session{clock, *std::move(settings), nullptr};
  if (command.needs_store) {
    auto store = open_store(session.settings.tracking_uri, session.settings, clock);
    if (!store) return std::move(store).error();
    session.store = *std::move(store);
  }
  return command.act(session, arguments);
}

}  // namespace

int main(int count, char** words) {
  const auto all = std::span(words, static_cast<std::size_t>(count)).subspan(1);
  const auto command = all.empty() ? commands().end() : commands().find(all[0]);
  if (command == commands().end() || all.size() - 1 < command->second.arguments) {
    fmt::print(stderr, "unknown command, or too few arguments\n");
    return 2;
  }
  const Answer answer = perform(command->second, all.subspan(1));
  if (!answer) {
    fmt::print(stderr, "{}: {}\n", error_code_name(answer.error().code), answer.error().message);
    return 1;
  }
  fmt::print("{}\n", json::serialize(*answer));
  return 0;
}
