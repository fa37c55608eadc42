#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/data/dataset.h"
#include "train/data/packing.h"

namespace liquid::train {

enum class Method { lora, qlora, full };
enum class ScheduleKind { linear, cosine, constant, wsd };
/// What products and activations are computed in; `automatic` measures and takes the faster.
enum class NumberType { automatic, fp32, bf16 };
/// What the frozen weights are stored in; `automatic`: as in the file (NF4 with --qlora).
enum class WeightStorage { automatic, fp32, bf16, nf4 };
/// Which tensors weight decay shrinks in --full; an adapter's are always all shrunk.
enum class DecayOn { matrices, everything };

struct ModelSettings {
  std::string model;  ///< folder; empty: kDefaultModel
  Method method = Method::lora;
  std::int64_t lora_r = 16;
  double lora_alpha = 32;
  double lora_dropout = 0.1;
  bool rslora = false;                    ///< scale alpha/√r instead of alpha/r
  bool double_quantization = true;        ///< of NF4's block scales
  std::vector<std::string> lora_targets;  ///< empty: all linear modules
};

struct DataSettings {
  std::string data;       ///< file, folder or glob; empty: kDefaultData
  std::string eval_data;  ///< the same; empty: none
  double eval_share = 0;  ///< of the samples, held out when there is no eval_data
  RowFormat format = RowFormat::detect;
  TrainOn train_on = TrainOn::assistant;
  OverLong over_long = OverLong::truncate;
  std::int64_t max_length = 2048;  ///< tokens of one sample
  double max_bad_rows = 0.01;      ///< share of rows
  std::string system_prompt;
  Packing packing = Packing::best_fit;
  std::int64_t pack_length = 0;  ///< tokens of one packed sequence; 0: as max_length
};

struct ScheduleSettings {
  ScheduleKind kind = ScheduleKind::linear;
  std::int64_t warmup_steps = 100;
  std::optional<double> warmup_ratio;  ///< share of all steps; wins over warmup_steps
  double min_lr_ratio = 0;             ///< where the rate ends, as a share of the highest
  double decay_ratio = 0.1;            ///< wsd: share of all steps in which it falls
};

struct OptimizerSettings {
  std::optional<double> learning_rate;  ///< absent: 2e-4 for an adapter, 2e-5 for --full
  double weight_decay = 0.01;
  DecayOn decay_on = DecayOn::matrices;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double max_grad_norm = 1.0;  ///< 0: no clipping
};

struct LoopSettings {
  double epochs = 3;
  std::int64_t max_steps = 0;  ///< 0: as epochs say
  std::int64_t batch_size = 4;
  std::int64_t accumulation = 4;
  std::int64_t seed = 42;
  std::int64_t logging_steps = 10;
  std::int64_t eval_steps = 500;        ///< 0: only at the end
  std::int64_t save_steps = 500;        ///< 0: only at the end
  std::int64_t keep = 3;                ///< checkpoints; 0: all
  std::int64_t early_stopping = 0;      ///< evaluations without a better loss; 0: never stops
  double early_stopping_threshold = 0;  ///< by how much a loss must be better to count
  bool best_at_end = false;             ///< go back to the checkpoint with the best eval loss
};

struct MachineSettings {
  std::string device = "auto";  ///< auto, cpu, cuda, cuda:N
  NumberType number_type = NumberType::automatic;
  WeightStorage weights = WeightStorage::automatic;
  bool gradient_checkpointing = false;
  std::int64_t threads = 0;  ///< 0: those this process may use
};

struct OutputSettings {
  std::string output_dir = "outputs/liquid-ft";
  /// Absent: a new run. Empty: from the newest checkpoint of output_dir. Else that checkpoint.
  std::optional<std::string> resume;
  bool overwrite = false;  ///< start anew in a folder that holds checkpoints
  std::vector<std::string> sample_prompts;
  std::int64_t sample_tokens = 64;
};

struct TrackingSettings {
  bool use_mlflow = true;
  std::string experiment = "liquid-ft-training";
  std::string run_name;
  std::string tracking_uri;  ///< empty: as MLflow's own settings say
  std::string register_as;   ///< name of a registered model; empty: none
};

/// Everything `liquid train` can be told; the defaults are the documented ones. A value: names,
/// bounds and help texts of the fields stand in the table of setting_table.cpp.
struct Settings {
  ModelSettings model;
  DataSettings data;
  ScheduleSettings schedule;
  OptimizerSettings optimizer;
  LoopSettings loop;
  MachineSettings machine;
  OutputSettings output;
  TrackingSettings tracking;
};

inline constexpr const char* kDefaultModel = "models/LFM2-700M";
inline constexpr const char* kDefaultData = "data/ft";

/// What cannot be seen at one field alone. Errors: invalid_argument: the fields, their values, what
/// was expected.
Result<void> validate(const Settings& settings);

double learning_rate_of(const Settings& settings);
DatasetOptions dataset_options(const Settings& settings);
EpochOptions epoch_options(const Settings& settings);

}  // namespace liquid::train
