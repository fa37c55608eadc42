#include <cmath>
#include <iostream>
#include "tracking/client/open_store.h"
#include "tracking/models/log_model.h"
#include "tracking/recorder/recorder.h"
using namespace liquid::tracking;
auto must(auto result) {  // the value; or the reason on the terminal, and the end
  if (!result) std::cerr << result.error().message << '\n', std::exit(1);
  if constexpr (requires { result.value(); }) return std::move(result).value();
}
int main() {
  const liquid::SystemClock clock;
  const Settings settings = must(settings_from(process_environment()));
  const auto run = must(Recorder::start({.settings = settings, .experiment_name = "cpp"}, clock));
  run->log_param("decay", "0.05");
  for (int step = 0; step < 100; ++step) run->log_metric("loss", std::exp(-0.05 * step), step);
  must(run->finish(RunStatus::finished));
  const auto store = must(open_store(settings.tracking_uri, settings, clock));
  const auto cpp = must(store->experiments().find("cpp"));
  const auto runs = must(store->runs().search({{cpp->id}, "metrics.loss < 1", {"metrics.loss"}}));
  const ModelToLog model{.run_id = runs.items.at(0).info.id, .register_as = "m"};
  const auto logged = must(log_model({*store, settings}, "model", model, {}));
  must(transition_model(*store, {"m", logged.version->version}, "Production", {}));
  std::cout << must(download_model({*store, settings}, "models:/m/Production", "load", {})) << '\n';
}
