#include "train/job.h"

#include <exception>
#include <memory>
#include <vector>

#include "kernels/team.h"
#include "lfm2/model/model.h"
#include "train/checkpoint_keeper.h"
#include "train/early_stopping.h"
#include "train/machine_choice.h"
#include "train/model_digest.h"
#include "train/output_folder.h"
#include "train/planning.h"
#include "train/trainer.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

/// Everything a run is made of, in the order it is made.
class Job {
 public:
  Job(const Settings& settings, const JobContext& context)
      : settings_(settings), context_(context) {}

  Result<EndReport> run();

 private:
  Result<void> join_group();
  Result<void> prepare_output();
  Result<void> read_inputs();
  Result<void> check_vocabulary() const;
  Result<void> choose_machine();
  Result<void> open_model();
  Result<void> plan_steps();
  Result<Progress> starting_point();
  EndReport train(Progress start);

  void say(const std::string& line) const {
    if (context_.say && group_->leads()) context_.say(line);
  }
  Say teller() const {
    return [this](std::string_view line) { say(std::string(line)); };
  }

  Settings settings_;
  const JobContext& context_;
  std::unique_ptr<ProcessGroup> group_;
  int local_rank_ = 0;
  std::unique_ptr<OutputFolder> output_;
  std::optional<SavedRun> saved_;
  std::unique_ptr<kernels::Team> team_;
  std::unique_ptr<Materials> materials_;
  RunPlan plan_;
  std::unique_ptr<lfm2::Model> model_;
  std::unique_ptr<ModelTrainee> trainee_;
  std::unique_ptr<Optimizer> optimizer_;
};

Result<EndReport> Job::run() {
  auto done = join_group();
  if (done) done = prepare_output();
  if (done) done = read_inputs();
  if (done) done = choose_machine();
  if (done) done = open_model();
  if (done) done = plan_steps();
  if (!done) return std::move(done).error();
  auto start = starting_point();
  if (!start) return std::move(start).error();
  return train(std::move(*start));
}

Result<void> Job::join_group() {
  const auto place = group_place_from_environment();
  if (!place) return place.error();
  auto group = ProcessGroup::join(*place);
  if (!group) return std::move(group).error();
  group_ = std::move(*group);
  local_rank_ = place->local_rank;
  return {};
}

Result<void> Job::prepare_output() {
  auto saved = choose_start(settings_.output);
  if (!saved) return std::move(saved).error();
  saved_ = std::move(*saved);
  if (!group_->leads()) return group_->barrier();
  auto output = OutputFolder::open(settings_.output.output_dir);
  if (!output) return std::move(output).error();
  output_ = std::make_unique<OutputFolder>(std::move(*output));
  if (settings_.output.overwrite) {
    auto cleared = clear_earlier_run(output_->path());
    if (!cleared) return cleared;
  }
  return group_->barrier();
}

Result<void> Job::read_inputs() {
  auto model = plan_model(settings_);
  if (!model) return std::move(model).error();
  for (const std::string& line : model->translations) say(line);
  auto digest = model_digest(model->folder);
  if (!digest) return std::move(digest).error();
  auto materials = read_materials(settings_, model->folder, teller());
  if (!materials) return std::move(materials).error();
  materials_ = std::make_unique<Materials>(std::move(*materials));
  plan_.model_folder = std::move(model->folder);
  plan_.output_dir = fs::absolute(settings_.output.output_dir).lexically_normal();
  plan_.model = std::move(model->config);
  plan_.parameters = model->parameters;
  plan_.trained_parameters = model->trained_parameters;
  plan_.lora = std::move(model->lora);
  plan_.peft_targets = std::move(model->peft_targets);
  plan_.targets = std::move(model->targets);
  plan_.model_digest = std::move(*digest);
  plan_.tokenizer_digest = materials_->tokenizer.digest().hex();
  plan_.train = materials_->train_use;
  plan_.eval = materials_->eval_use;
  settings_.model.model = plan_.model_folder.string();
  settings_.data.data = plan_.train.source;
  return check_vocabulary();
}

Result<void> Job::check_vocabulary() const {
  const auto tokens = static_cast<std::int64_t>(materials_->tokenizer.size());
  if (tokens <= plan_.model.vocab_size) return {};
  return Error{ErrorCode::invalid_argument,
               plan_.model_folder.string() + ": the tokenizer has " + std::to_string(tokens) +
                   " tokens, the model only " + std::to_string(plan_.model.vocab_size) + " rows"};
}

// A run that goes on keeps its number type: a second measurement might see it otherwise.
Result<void> Job::choose_machine() {
  kernels::TeamOptions options;
  if (settings_.machine.threads > 0) options.threads = static_cast<int>(settings_.machine.threads);
  team_ = std::make_unique<kernels::Team>(options);
  if (saved_ && settings_.machine.number_type == NumberType::automatic) {
    const auto before = identity_value(saved_->identity, "number_type");
    settings_.machine.number_type = before == "bf16" ? NumberType::bf16 : NumberType::fp32;
  }
  auto machine = train::choose_machine(settings_, plan_.model, *team_, local_rank_);
  if (!machine) return std::move(machine).error();
  plan_.machine = std::move(*machine);
  const bool bf16 = plan_.machine.number_type == "bf16";
  settings_.machine.number_type = bf16 ? NumberType::bf16 : NumberType::fp32;
  say(plan_.machine.choice);
  return {};
}

lfm2::FrozenStorage storage_of(const Settings& settings) {
  if (settings.model.method == Method::qlora) {
    return settings.model.double_quantization ? lfm2::FrozenStorage::nf4_double
                                              : lfm2::FrozenStorage::nf4;
  }
  switch (settings.machine.weights) {
    case WeightStorage::automatic: return lfm2::FrozenStorage::as_stored;
    case WeightStorage::fp32: return lfm2::FrozenStorage::f32;
    case WeightStorage::bf16: return lfm2::FrozenStorage::bf16;
    case WeightStorage::nf4: return lfm2::FrozenStorage::nf4;
  }
  return lfm2::FrozenStorage::as_stored;
}

Result<void> Job::open_model() {
  using lfm2::ModelOptions;
  ModelOptions options;
  options.device = plan_.machine.device;
  options.trainable = plan_.lora ? lfm2::Trainable::adapter : lfm2::Trainable::everything;
  options.storage = storage_of(settings_);
  options.compute =
      plan_.machine.number_type == "bf16" ? lfm2::ComputeType::bf16 : lfm2::ComputeType::f32;
  options.recompute =
      settings_.machine.gradient_checkpointing ? lfm2::Recompute::layers : lfm2::Recompute::nothing;
  options.lora = plan_.lora;
  options.seed = static_cast<std::uint64_t>(settings_.loop.seed);
  options.team = team_.get();
  auto model = lfm2::Model::open(plan_.model_folder, options);
  if (!model) return std::move(model).error();
  model_ = std::move(*model);
  trainee_ = std::make_unique<ModelTrainee>(*model_);
  const auto group = plan_.lora ? Optimizer::Group::adapter : Optimizer::Group::whole_model;
  optimizer_ =
      std::make_unique<Optimizer>(trainee_->parameters(), settings_.optimizer, group, *team_);
  return {};
}

Result<void> Job::plan_steps() {
  settings_.optimizer.learning_rate = learning_rate_of(settings_);
  const StepCounts steps =
      count_steps(settings_.loop, static_cast<std::int64_t>(materials_->train.samples.size()));
  plan_.steps_per_epoch = steps.per_epoch;
  plan_.total_steps = steps.total;
  plan_.settings = settings_;
  const Schedule schedule(settings_.schedule, *settings_.optimizer.learning_rate,
                          plan_.total_steps);
  plan_.warmup_steps = schedule.warmup_steps();
  if (plan_.warmup_steps >= plan_.total_steps) {
    say("warm-up takes " + std::to_string(plan_.warmup_steps) + " steps and this run has " +
        std::to_string(plan_.total_steps) +
        ": the learning rate never reaches its height; --warmup-ratio 0.1 would let it");
  }
  return {};
}

Result<Progress> Job::starting_point() {
  if (!saved_) return Progress{};
  if (auto same = check_same(*saved_, plan_); !same) return std::move(same).error();
  if (saved_->progress.step > plan_.total_steps) {
    return Error{ErrorCode::invalid_state,
                 saved_->folder.string() + " has made " + std::to_string(saved_->progress.step) +
                     " steps, and this run is planned with " + std::to_string(plan_.total_steps)};
  }
  auto restored = restore_tensors(saved_->folder, *optimizer_);
  if (!restored) return std::move(restored).error().with_context("resume");
  if (const auto all = list_checkpoints(plan_.output_dir);
      !all.empty() && all.back().step > saved_->progress.step) {
    say(all.back().path.filename().string() + " is further than " +
        saved_->folder.filename().string() + "; it stays until this run gets there");
  }
  plan_.resumed_from = saved_->folder;
  plan_.first_step = saved_->progress.step;
  plan_.notes = saved_->notes;
  say("going on from " + saved_->folder.string() + " after step " +
      std::to_string(plan_.first_step));
  return saved_->progress;
}

EndReport Job::train(Progress start) {
  const LoopSettings& loop = settings_.loop;
  using AtEnd = CheckpointKeeper::Policy::AtEnd;
  CheckpointKeeper keeper({.save_steps = loop.save_steps,
                           .keep = loop.keep,
                           .at_end = loop.best_at_end ? AtEnd::best_weights : AtEnd::last_weights},
                          *optimizer_);
  EarlyStopping early(loop.early_stopping, loop.early_stopping_threshold);
  std::vector<Callback*> callbacks;
  if (group_->leads()) callbacks.assign(context_.callbacks.begin(), context_.callbacks.end());
  callbacks.push_back(&keeper);
  if (loop.early_stopping > 0) callbacks.push_back(&early);
  const Dataset* eval = materials_->eval ? &*materials_->eval : nullptr;
  const TrainerParts parts{.plan = plan_,
                           .trainee = *trainee_,
                           .optimizer = *optimizer_,
                           .group = *group_,
                           .train = materials_->train,
                           .eval = eval,
                           .callbacks = callbacks,
                           .clock = context_.clock,
                           .interrupted = context_.interrupted};
  return Trainer(parts, std::move(start)).run();
}

}  // namespace

Result<EndReport> run_training(const Settings& settings, const JobContext& context) {
  if (auto valid = validate(settings); !valid) return std::move(valid).error();
  return Job(settings, context).run();
}

}  // namespace liquid::train
