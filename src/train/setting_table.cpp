#include "train/setting_table.h"

#include <algorithm>

#include "train/setting_kinds.h"

namespace liquid::train {
namespace {

using S = Settings;
using Rows = std::vector<Setting>;

constexpr std::int64_t kMostSteps = 1'000'000'000;
constexpr std::int64_t kMostTokens = 1 << 20;
constexpr double kAnyNumber = 1e30;

template <typename Part, typename T>
Field<T> at(Part S::*part, T Part::*member) {
  return [part, member](S& settings) -> T& { return settings.*part.*member; };
}

// For values that are absent until somebody sets them.
Setting optional_fraction(const SettingHead& head, const Bounds<double>& bounds,
                          const Field<std::optional<double>>& field) {
  Setting row = fraction_setting(head, bounds, [field](S& settings) -> double& {
    std::optional<double>& value = field(settings);
    if (!value) value = 0;
    return *value;
  });
  const auto get = row.get;
  row.get = [field, get](const S& settings) {
    S copy = settings;
    return field(copy) ? get(settings) : std::vector<std::string>{};
  };
  return row;
}

// --lora, --qlora, --full: three names of one choice.
Setting method_flag(const SettingHead& head, Method method, Method otherwise) {
  Setting row{head.group, head.name, head.aliases, SettingKind::flag, "", head.help, {}, {}};
  row.set = [name = head.name, method, otherwise](
                S& settings, const std::vector<std::string>& values) -> Result<void> {
    const std::string& value = values.back();
    if (value != "true" && value != "false") return wrong_value(name, value, "true or false");
    if (value == "true") {
      settings.model.method = method;
    } else if (settings.model.method == method) {
      settings.model.method = otherwise;
    }
    return {};
  };
  row.get = [method](const S& settings) {
    return settings.model.method == method ? std::vector<std::string>{"true"}
                                           : std::vector<std::string>{};
  };
  return row;
}

// A name of the Python trainers that has no counterpart of its own: no line in help or files.
Setting foreign_flag(const std::string& name,
                     const std::function<Result<void>(S&, bool)>& meaning) {
  Setting row{"", name, {}, SettingKind::flag, "", "", {}, {}};
  row.set = [name, meaning](S& settings, const std::vector<std::string>& values) -> Result<void> {
    const std::string& value = values.back();
    if (value != "true" && value != "false") return wrong_value(name, value, "true or false");
    return meaning(settings, value == "true");
  };
  row.get = [](const S&) { return std::vector<std::string>{}; };
  return row;
}

void add_model(Rows& rows) {
  const std::string g = "Model and method";
  const auto m = [](auto member) { return at(&S::model, member); };
  rows.push_back(text_setting({g,
                               "model",
                               "Folder of the model; default models/LFM2-700M",
                               {"model-name", "model-name-or-path", "base-model", "model-path"}},
                              "DIR", m(&ModelSettings::model)));
  rows.push_back(
      method_flag({g, "lora", "Train a LoRA adapter (default)"}, Method::lora, Method::full));
  rows.push_back(
      method_flag({g, "qlora", "LoRA over weights in 4 bits (NF4)", {"use-qlora", "load-in-4bit"}},
                  Method::qlora, Method::lora));
  rows.push_back(method_flag({g, "full", "Train every weight", {"full-finetune"}}, Method::full,
                             Method::lora));
  rows.push_back(foreign_flag("use-lora", [](S& settings, bool value) {
    Method& method = settings.model.method;
    if (value && method == Method::full) method = Method::lora;
    if (!value) method = Method::full;
    return Result<void>();
  }));
  rows.push_back(number_setting({g, "lora-r", "Rank of the adapter", {"r", "lora-rank", "rank"}},
                                {1, 8192}, m(&ModelSettings::lora_r)));
  rows.push_back(fraction_setting({g, "lora-alpha", "Its weight: alpha/r", {"alpha"}},
                                  {0, kAnyNumber, Bounds<double>::Least::excluded},
                                  m(&ModelSettings::lora_alpha)));
  rows.push_back(fraction_setting({g, "lora-dropout", "Dropout before it", {"dropout"}}, {0, 0.99},
                                  m(&ModelSettings::lora_dropout)));
  rows.push_back(flag_setting({g, "rslora", "Weight alpha/sqrt(r) instead", {"use-rslora"}},
                              m(&ModelSettings::rslora)));
  rows.push_back(list_setting({g,
                               "lora-targets",
                               "Modules to adapt; default all linear ones",
                               {"target-modules", "lora-target-modules", "lora-target"}},
                              "NAME", m(&ModelSettings::lora_targets)));
  rows.push_back(flag_setting(
      {g, "double-quantization", "8-bit block scales with --qlora", {"bnb-4bit-use-double-quant"}},
      m(&ModelSettings::double_quantization)));
}

void add_data(Rows& rows) {
  const std::string g = "Data";
  const auto d = [](auto member) { return at(&S::data, member); };
  rows.push_back(text_setting({g,
                               "data",
                               "File, folder or glob; default data/ft",
                               {"train-data", "train-file", "dataset", "dataset-path", "data-path",
                                "dataset-name", "train-path"}},
                              "PATH", d(&DataSettings::data)));
  rows.push_back(text_setting({g,
                               "eval-data",
                               "The same, held out",
                               {"eval-file", "validation-file", "eval-path", "eval-dataset"}},
                              "PATH", d(&DataSettings::eval_data)));
  rows.push_back(fraction_setting({g,
                                   "eval-share",
                                   "Or this share of the samples",
                                   {"eval-split", "validation-split", "test-size"}},
                                  {0, 0.9}, d(&DataSettings::eval_share)));
  rows.push_back(choice_setting<RowFormat>(
      {g, "format", "Of the rows; default: found out", {"data-format", "dataset-format"}},
      {{"detect", RowFormat::detect},
       {"alpaca", RowFormat::alpaca},
       {"sharegpt", RowFormat::sharegpt},
       {"messages", RowFormat::messages},
       {"prompt-completion", RowFormat::prompt_completion},
       {"text", RowFormat::text}},
      d(&DataSettings::format)));
  rows.push_back(choice_setting<TrainOn>(
      {g, "train-on", "Tokens with loss: assistant or everything"},
      {{"assistant", TrainOn::assistant}, {"everything", TrainOn::everything}},
      d(&DataSettings::train_on)));
  rows.push_back(number_setting(
      {g, "max-length", "Most tokens of a sample", {"max-seq-length", "max-seq-len", "cutoff-len"}},
      {8, kMostTokens}, d(&DataSettings::max_length)));
  rows.push_back(choice_setting<OverLong>(
      {g, "over-long", "A longer one: truncate or drop"},
      {{"truncate", OverLong::truncate}, {"drop", OverLong::drop}}, d(&DataSettings::over_long)));
  rows.push_back(fraction_setting({g, "max-bad-rows", "Share of bad rows that is put up with"},
                                  {0, 1}, d(&DataSettings::max_bad_rows)));
  rows.push_back(text_setting({g, "system-prompt", "For samples that have none"}, "TEXT",
                              d(&DataSettings::system_prompt)));
  rows.push_back(choice_setting<Packing>({g, "packing", "best-fit, or none"},
                                         {{"best-fit", Packing::best_fit},
                                          {"none", Packing::none},
                                          {"true", Packing::best_fit},
                                          {"false", Packing::none},
                                          {"bfd", Packing::best_fit}},
                                         d(&DataSettings::packing)));
  rows.push_back(number_setting({g, "pack-length",
                                 "Most tokens of one packed sequence; "
                                 "0: as max-length"},
                                {0, kMostTokens}, d(&DataSettings::pack_length)));
}

void add_steps(Rows& rows) {
  const std::string g = "Steps";
  const auto l = [](auto member) { return at(&S::loop, member); };
  rows.push_back(
      fraction_setting({g, "epochs", "Times through the data", {"num-epochs", "num-train-epochs"}},
                       {0, 1e6, Bounds<double>::Least::excluded}, l(&LoopSettings::epochs)));
  rows.push_back(number_setting({g, "max-steps", "Or this many steps; 0: as epochs say"},
                                {0, kMostSteps}, l(&LoopSettings::max_steps)));
  rows.push_back(number_setting({g,
                                 "batch-size",
                                 "Samples times ...",
                                 {"per-device-train-batch-size", "per-device-batch-size",
                                  "train-batch-size", "micro-batch-size"}},
                                {1, 65'536}, l(&LoopSettings::batch_size)));
  rows.push_back(
      number_setting({g,
                      "gradient-accumulation",
                      "... this are one step",
                      {"gradient-accumulation-steps", "accumulation", "grad-accumulation-steps"}},
                     {1, 65'536}, l(&LoopSettings::accumulation)));
  rows.push_back(number_setting({g, "seed", "Of order, dropout and new adapters"},
                                {0, std::int64_t{1} << 53}, l(&LoopSettings::seed)));
}

void add_rate(Rows& rows) {
  const std::string g = "Learning rate and optimizer";
  const auto s = [](auto member) { return at(&S::schedule, member); };
  const auto o = [](auto member) { return at(&S::optimizer, member); };
  rows.push_back(optional_fraction({g, "learning-rate", "Default 2e-4, with --full 2e-5", {"lr"}},
                                   {0, 1000, Bounds<double>::Least::excluded},
                                   o(&OptimizerSettings::learning_rate)));
  rows.push_back(choice_setting<ScheduleKind>({g,
                                               "schedule",
                                               "linear, cosine, constant or wsd",
                                               {"lr-scheduler-type", "lr-scheduler", "scheduler"}},
                                              {{"linear", ScheduleKind::linear},
                                               {"cosine", ScheduleKind::cosine},
                                               {"constant", ScheduleKind::constant},
                                               {"wsd", ScheduleKind::wsd},
                                               {"constant_with_warmup", ScheduleKind::constant},
                                               {"cosine_with_min_lr", ScheduleKind::cosine},
                                               {"warmup_stable_decay", ScheduleKind::wsd}},
                                              s(&ScheduleSettings::kind)));
  rows.push_back(number_setting({g, "warmup-steps", "Steps in which the rate rises"},
                                {0, kMostSteps}, s(&ScheduleSettings::warmup_steps)));
  rows.push_back(optional_fraction({g, "warmup-ratio", "Or this share of all steps"}, {0, 1},
                                   s(&ScheduleSettings::warmup_ratio)));
  rows.push_back(fraction_setting({g, "min-lr-ratio", "Where it ends, as a share", {"min-lr-rate"}},
                                  {0, 1}, s(&ScheduleSettings::min_lr_ratio)));
  rows.push_back(fraction_setting({g, "decay-ratio", "wsd: share of steps in which it falls"},
                                  {0, 1}, s(&ScheduleSettings::decay_ratio)));
  rows.push_back(fraction_setting({g, "weight-decay", "AdamW's"}, {0, 1000},
                                  o(&OptimizerSettings::weight_decay)));
  rows.push_back(choice_setting<DecayOn>(
      {g, "decay-on", "--full: matrices or everything"},
      {{"matrices", DecayOn::matrices}, {"everything", DecayOn::everything}},
      o(&OptimizerSettings::decay_on)));
  rows.push_back(fraction_setting({g, "beta1", "AdamW's", {"adam-beta1"}}, {0, 0.999999},
                                  o(&OptimizerSettings::beta1)));
  rows.push_back(fraction_setting({g, "beta2", "AdamW's", {"adam-beta2"}}, {0, 0.999999999},
                                  o(&OptimizerSettings::beta2)));
  rows.push_back(fraction_setting({g, "eps", "AdamW's", {"adam-epsilon", "adam-eps"}},
                                  {0, 1, Bounds<double>::Least::excluded},
                                  o(&OptimizerSettings::eps)));
  rows.push_back(fraction_setting({g,
                                   "max-grad-norm",
                                   "Longer gradients are clipped; 0: none",
                                   {"clip-grad-norm", "gradient-clipping"}},
                                  {0, kAnyNumber}, o(&OptimizerSettings::max_grad_norm)));
}

void add_watching(Rows& rows) {
  const std::string g = "Logging, evaluation, checkpoints";
  const auto l = [](auto member) { return at(&S::loop, member); };
  const auto o = [](auto member) { return at(&S::output, member); };
  const Bounds<std::int64_t> steps{0, kMostSteps};
  rows.push_back(number_setting(
      {g, "logging-steps", "Steps between two logged ones", {"log-steps", "log-every"}},
      {1, kMostSteps}, l(&LoopSettings::logging_steps)));
  rows.push_back(
      number_setting({g, "eval-steps", "Between evaluations; 0: only at the end", {"eval-every"}},
                     steps, l(&LoopSettings::eval_steps)));
  rows.push_back(
      number_setting({g, "save-steps", "Between checkpoints; 0: only at the end", {"save-every"}},
                     steps, l(&LoopSettings::save_steps)));
  rows.push_back(number_setting({g, "keep", "Checkpoints kept; 0: all", {"save-total-limit"}},
                                {0, 1'000'000}, l(&LoopSettings::keep)));
  rows.push_back(number_setting({g,
                                 "early-stopping",
                                 "Evaluations without a better loss; 0: off",
                                 {"early-stopping-patience", "patience"}},
                                {0, 1'000'000}, l(&LoopSettings::early_stopping)));
  rows.push_back(fraction_setting({g, "early-stopping-threshold", "By how much it must be better"},
                                  {0, kAnyNumber}, l(&LoopSettings::early_stopping_threshold)));
  rows.push_back(flag_setting(
      {g, "best-at-end", "Go back to the best eval loss at the end", {"load-best-model-at-end"}},
      l(&LoopSettings::best_at_end)));
  rows.push_back(text_setting(
      {g, "output-dir", "Where checkpoints and the result go", {"output", "output-path"}}, "DIR",
      o(&OutputSettings::output_dir)));
  rows.push_back(
      flag_setting({g, "overwrite", "Even if checkpoints are there", {"overwrite-output-dir"}},
                   o(&OutputSettings::overwrite)));
  rows.push_back(list_setting(
      {g, "sample-prompt", "Continued at each evaluation", {"sample-prompts", "eval-prompts"}},
      "TEXT", o(&OutputSettings::sample_prompts)));
  rows.push_back(number_setting({g, "sample-tokens", "Most tokens of such a sample"}, {1, 65'536},
                                o(&OutputSettings::sample_tokens)));
}

void add_tracking(Rows& rows) {
  const std::string g = "Tracking";
  const auto t = [](auto member) { return at(&S::tracking, member); };
  rows.push_back(flag_setting({g, "mlflow", "Record the run in MLflow", {"use-mlflow"}},
                              t(&TrackingSettings::use_mlflow)));
  rows.push_back(text_setting({g,
                               "mlflow-experiment",
                               "Name of the experiment",
                               {"experiment", "experiment-name", "mlflow-experiment-name"}},
                              "NAME", t(&TrackingSettings::experiment)));
  rows.push_back(text_setting({g, "mlflow-run-name", "Name of the run", {"run-name"}}, "NAME",
                              t(&TrackingSettings::run_name)));
  rows.push_back(text_setting(
      {g, "mlflow-tracking-uri", "Store; default MLFLOW_TRACKING_URI", {"tracking-uri"}}, "URI",
      t(&TrackingSettings::tracking_uri)));
  rows.push_back(text_setting({g,
                               "register",
                               "Register the result under this name",
                               {"register-model", "registered-model-name"}},
                              "NAME", t(&TrackingSettings::register_as)));
}

void add_machine(Rows& rows) {
  const std::string g = "Machine";
  const auto m = [](auto member) { return at(&S::machine, member); };
  rows.push_back(text_setting({g, "device", "auto, cpu, cuda or cuda:N"}, "DEVICE",
                              m(&MachineSettings::device)));
  rows.push_back(choice_setting<NumberType>(
      {g, "number-type", "auto (measured), fp32, bf16", {"dtype", "compute-dtype", "torch-dtype"}},
      {{"auto", NumberType::automatic},
       {"fp32", NumberType::fp32},
       {"bf16", NumberType::bf16},
       {"float32", NumberType::fp32},
       {"bfloat16", NumberType::bf16}},
      m(&MachineSettings::number_type)));
  rows.push_back(foreign_flag("bf16", [](S& settings, bool value) {
    settings.machine.number_type = value ? NumberType::bf16 : NumberType::automatic;
    return Result<void>();
  }));
  rows.push_back(foreign_flag("fp16", [](S&, bool value) -> Result<void> {
    if (!value) return {};
    return Error{ErrorCode::invalid_argument,
                 "fp16: expected false, got 'true': fp16 is not computed; set number-type to auto, "
                 "fp32 or bf16"};
  }));
  rows.push_back(choice_setting<WeightStorage>(
      {g, "weights", "Frozen ones: auto, fp32, bf16", {"weight-storage"}},
      {{"auto", WeightStorage::automatic},
       {"fp32", WeightStorage::fp32},
       {"bf16", WeightStorage::bf16},
       {"nf4", WeightStorage::nf4}},
      m(&MachineSettings::weights)));
  rows.push_back(flag_setting({g, "gradient-checkpointing", "Less memory, a third more time"},
                              m(&MachineSettings::gradient_checkpointing)));
  rows.push_back(number_setting({g, "threads", "0: those this process may use"}, {0, 4096},
                                m(&MachineSettings::threads)));
}

Rows make_rows() {
  Rows rows;
  add_model(rows);
  add_data(rows);
  add_steps(rows);
  add_rate(rows);
  add_watching(rows);
  add_tracking(rows);
  add_machine(rows);
  return rows;
}

std::string with_dashes(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

// Levenshtein's distance: insertions, deletions and replacements.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string quoted(const std::string& text) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c >= 0 && c < 0x20) {
      out += std::string("\\u00") + kDigits[c / 16] + kDigits[c % 16];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string toml_value(const Setting& row, const std::vector<std::string>& values) {
  if (row.kind == SettingKind::list) {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + quoted(value);
    return "[" + text + "]";
  }
  if (values.empty()) return {};
  return row.kind == SettingKind::text ? quoted(values.front()) : values.front();
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const Rows rows = make_rows();
  return rows;
}

const Setting* find_setting(std::string_view name) {
  const std::string wanted = with_dashes(name);
  for (const Setting& row : setting_table()) {
    const auto& aliases = row.aliases;
    if (row.name == wanted || std::find(aliases.begin(), aliases.end(), wanted) != aliases.end()) {
      return &row;
    }
  }
  return nullptr;
}

std::optional<std::string> nearest_setting(std::string_view name) {
  const std::string wanted = with_dashes(name);
  if (wanted.empty()) return std::nullopt;
  // Fewer changes than letters: otherwise every word is near a short one.
  std::size_t best = std::min(std::max<std::size_t>(2, wanted.size() / 3) + 1, wanted.size());
  std::optional<std::string> nearest;
  for (const Setting& row : setting_table()) {
    std::vector<std::string> names = row.aliases;
    names.insert(names.begin(), row.name);
    for (const std::string& known : names) {
      const std::size_t far = distance(wanted, known);
      if (far >= best) continue;
      best = far;
      nearest = known;
    }
  }
  return nearest;
}

std::string to_toml(const Settings& settings) {
  std::string text;
  std::string group;
  for (const Setting& row : setting_table()) {
    if (row.group.empty()) continue;
    if (row.group != group) {
      group = row.group;
      text += (text.empty() ? "# " : "\n# ") + group + "\n";
    }
    const std::string value = toml_value(row, row.get(settings));
    text += value.empty() ? "# " + row.name + " is not set\n" : row.name + " = " + value + "\n";
  }
  return text;
}

}  // namespace liquid::train
