// Where the time of a training step goes, on a model folder or on the quarter of LFM2-350M of
// bench/README.md (random weights, made on the spot):
//   lfm2_step_bench [--model DIR] [--positions 1000] [--steps 5] [--storage
//   as_stored|f32|bf16|nf4_double]
//                   [--dropout 0] [--recompute] [--aten]
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/peak.h"
#include "kernels/team.h"
#include "lfm2/model/adapter_attach.h"
#include "lfm2/model/checkpoint.h"
#include "lfm2/model/pass.h"
#include "lfm2/model/timed_ops.h"
#include "lfm2/new_model.h"

namespace liquid::lfm2 {
namespace {

struct Settings {
  std::filesystem::path model;
  std::int64_t positions = 1000;
  int steps = 5;
  double dropout = 0;
  FrozenStorage storage = FrozenStorage::as_stored;
  TrainingPass::Keep keep = TrainingPass::Keep::activations;
  Engine engine = Engine::kernels;
};

FrozenStorage storage_of(const std::string& name) {
  if (name == "f32") return FrozenStorage::f32;
  if (name == "bf16") return FrozenStorage::bf16;
  if (name == "nf4") return FrozenStorage::nf4;
  if (name == "nf4_double") return FrozenStorage::nf4_double;
  return FrozenStorage::as_stored;
}

Settings read_settings(const std::vector<std::string>& words) {
  Settings settings;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    if (words[i] == "--model") settings.model = next;
    if (words[i] == "--positions") settings.positions = std::stoll(next);
    if (words[i] == "--steps") settings.steps = std::stoi(next);
    if (words[i] == "--dropout") settings.dropout = std::stod(next);
    if (words[i] == "--storage") settings.storage = storage_of(next);
    if (words[i] == "--recompute") settings.keep = TrainingPass::Keep::layer_inputs;
    if (words[i] == "--aten") settings.engine = Engine::aten;
  }
  return settings;
}

// The same widths as LFM2-350M, a quarter of its layers and vocabulary.
Lfm2Config quarter() {
  Lfm2Config config;
  config.vocab_size = 16384;
  config.hidden_size = 1024;
  config.feed_forward_size = 4608;
  config.num_attention_heads = 16;
  config.num_key_value_heads = 8;
  config.layers = {LayerKind::conv, LayerKind::conv, LayerKind::attention, LayerKind::conv};
  return config;
}

// Documents of log-normal lengths (median 149), of which the first 40 % are no labels.
Batch documents(const Lfm2Config& config, std::int64_t positions, std::mt19937_64& random) {
  std::lognormal_distribution<double> lengths(5.0, 0.72);
  Batch batch;
  while (static_cast<std::int64_t>(batch.input_ids.size()) < positions) {
    const auto left = positions - static_cast<std::int64_t>(batch.input_ids.size());
    const auto length =
        std::min(left, std::clamp<std::int64_t>(std::lround(lengths(random)), 24, 1024));
    batch.seq_lens.push_back(static_cast<std::int32_t>(length));
    for (std::int64_t t = 0; t < length; ++t) {
      const auto id =
          static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(config.vocab_size));
      batch.input_ids.push_back(id);
      batch.labels.push_back(5 * t < 2 * length ? kIgnoredLabel : id);
    }
  }
  return batch;
}

struct MachineSpeed {
  double fma = 0;
  int threads = 1;
};

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

struct StepTime {
  double seconds = 0;
  double processor_seconds = 0;  // of all threads: what a shared machine leaves comparable
};

void print_times(const TimedOps& ops, const StepTime& step, const MachineSpeed& machine) {
  const double seconds = step.seconds;
  std::vector<std::pair<std::string, OpTime>> rows(ops.times().begin(), ops.times().end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  double flop = 0;
  double named = 0;
  for (const auto& [name, time] : rows) {
    flop += time.flop;
    named += time.seconds;
    std::printf("  %-26s %6.1f %%  %8.1f ms  %5lld calls", name.c_str(),
                100 * time.seconds / seconds, 1e3 * time.seconds,
                static_cast<long long>(time.calls));
    if (time.flop > 0) std::printf("  %7.1f GFLOP/s", time.flop / time.seconds * 1e-9);
    std::printf("\n");
  }
  std::printf("  %-26s %6.1f %%\n", "between the calls", 100 * (1 - named / seconds));
  std::printf("  executed %.1f GFLOP/s = %.2f of the FMA peak\n", flop / seconds * 1e-9,
              flop / seconds / machine.fma);
  const double busy = flop / step.processor_seconds * machine.threads / machine.fma;
  std::printf("  while it held a processor (%.2f s of processor time): %.2f of the FMA peak\n",
              step.processor_seconds, busy);
}

int run(const Settings& settings) {
  kernels::Team team;
  const Result<Lfm2Config> config = read_config(settings.model);
  if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str()), 1;
  LoadOptions load;
  load.storage = settings.storage;
  load.engine = settings.engine;
  auto loaded = load_network(settings.model, *config, load);
  if (!loaded) return std::fprintf(stderr, "%s\n", loaded.error().message.c_str()), 1;
  LoraSettings lora;
  lora.dropout = settings.dropout;
  const auto adapter =
      attach_new(loaded->network, *config, lora, {.trainable = Trainable::adapter});
  if (!adapter) return std::fprintf(stderr, "%s\n", adapter.error().message.c_str()), 1;

  const OpsShape shape = shape_of(*config);
  TimedOps ops(settings.engine == Engine::kernels
                   ? make_cpu_ops(shape, &team)
                   : make_aten_ops(shape, at::TensorOptions(at::kFloat)),
               config->vocab_size);
  // By one thread: on a shared machine two rarely run at once for a whole trial.
  kernels::Team one({.threads = 1});
  const double peak =
      team.threads() * kernels::measure_peak(one, std::chrono::milliseconds(400)).fma;
  const MachineSpeed machine{peak, team.threads()};
  std::printf("%d threads, %s, FMA peak %.0f GFLOP/s\n", team.threads(),
              kernels::isa_name(team.isa()), peak * 1e-9);
  std::mt19937_64 random(1);
  for (int step = 0; step < settings.steps; ++step) {
    const Batch batch = documents(*config, settings.positions, random);
    const Pass pass{.ops = &ops, .sequence = sequence_of(batch), .dropout_seed = 1};
    ops.clear();
    const double held = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    const TokenLoss loss = train_pass(pass, loaded->network,
                                      {.batch = &batch,
                                       .reach = reach_of(loaded->network),
                                       .scale = 1e-3F,
                                       .keep = settings.keep});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("step %d: %.3f s, %.0f positions/s, %lld labels, loss %.4f\n", step + 1, seconds,
                static_cast<double>(settings.positions) / seconds,
                static_cast<long long>(loss.count), loss.sum / static_cast<double>(loss.count));
    if (step + 1 == settings.steps) {
      print_times(ops, {seconds, processor_seconds() - held}, machine);
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory %.2f GiB\n", static_cast<double>(usage.ru_maxrss) / (1 << 20));
  return 0;
}

}  // namespace
}  // namespace liquid::lfm2

int main(int count, char** words) {
  using namespace liquid::lfm2;
  Settings settings = read_settings({words + 1, words + count});
  if (!settings.model.empty()) return run(settings);
  settings.model = std::filesystem::temp_directory_path() / "lfm2_step_bench_model";
  std::filesystem::create_directories(settings.model);
  const auto written = write_new_model(quarter(), settings.model);
  if (!written) return std::fprintf(stderr, "%s\n", written.error().message.c_str()), 1;
  const int status = run(settings);
  std::filesystem::remove_all(settings.model);
  return status;
}
