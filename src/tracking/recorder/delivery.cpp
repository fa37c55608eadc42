#include "tracking/recorder/delivery.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "tracking/recorder/heartbeat.h"

namespace liquid::tracking::recorder {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kSaveInterval{1000};
constexpr std::string_view kSystemPrefix = "system/";

// MLflow takes 1000 entries in a request; a local file takes more in one transaction gladly.
std::size_t most_entries(std::string_view tracking_uri) {
  return tracking_uri.starts_with("http") ? 1000 : 10'000;
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

Delivery::Delivery(DeliverySetup setup, DeliveryState state)
    : setup_(std::move(setup)),
      state_(std::move(state)),
      reader_(setup_.folder.path(), setup_.folder.plan().salt, state_.position),
      batch_entries_(most_entries(setup_.folder.plan().tracking_uri)),
      jitter_(static_cast<std::minstd_rand::result_type>(process_seed())) {
  setup_.settings.tracking_uri = setup_.folder.plan().tracking_uri;
  setup_.settings.artifact_root = setup_.folder.plan().artifact_root;
  setup_.settings.access.max_retries = 0;
}

Result<std::unique_ptr<Delivery>> Delivery::open(DeliverySetup setup) {
  Result<DeliveryState> state = setup.folder.load_state();
  const bool is_lost = !state && state.error().code == ErrorCode::data_corrupt;
  if (!state && !(is_lost && setup.owner == Owner::dead)) return std::move(state).error();
  if (!is_lost) {
    return std::unique_ptr<Delivery>(new Delivery(std::move(setup), std::move(*state)));
  }
  DeliveryState fresh;
  fresh.create_attempted = true;
  auto delivery = std::unique_ptr<Delivery>(new Delivery(std::move(setup), std::move(fresh)));
  std::error_code failed;
  const std::uintmax_t bytes = fs::file_size(delivery->setup_.folder.path() / "state", failed);
  delivery->note_damage({"state", 0, failed ? 0 : bytes});
  return delivery;
}

std::int64_t Delivery::now_ms() const {
  return std::chrono::duration_cast<milliseconds>(setup_.clock.wall().time_since_epoch()).count();
}

Delivery::Step Delivery::step(Position limit) {
  if (setup_.clock.monotonic() < retry_at_) return Step::held;
  Result<Step> done = attempt(limit);
  if (!done) return hold(std::move(done).error());
  if (failures_ > 0) {
    log_event(LogLevel::info, "tracking store is back", {{"run", state_.run_id}});
  }
  failures_ = 0;
  problem_.reset();
  return *done;
}

Delivery::Step Delivery::hold(Error problem) {
  ++failures_;
  const auto doubled = kFirstBackoff * (std::int64_t{1} << std::min(failures_ - 1, 20U));
  const auto delay = std::min<milliseconds>(doubled, setup_.max_backoff);
  std::uniform_real_distribution<double> spread(0.75, 1.25);
  retry_at_ = setup_.clock.monotonic() +
              std::chrono::duration_cast<Monotonic::duration>(delay * spread(jitter_));
  // At the first failure, then ever more seldom.
  if ((failures_ & (failures_ - 1)) == 0) {
    log_event(LogLevel::warning, "tracking store does not take the run's entries",
              {{"journal", setup_.folder.plan().journal_id},
               {"attempts", static_cast<std::int64_t>(failures_)},
               {"error", problem.message}});
  }
  problem_ = std::move(problem);
  return Step::held;
}

// One thing of the list, in order; what is done already costs nothing.
Result<Delivery::Step> Delivery::attempt(Position limit) {
  if (Result<void> connected = connect(); !connected) return std::move(connected).error();
  if (Result<void> there = ensure_run(); !there) return std::move(there).error();
  if (Result<void> beaten = beat(); !beaten) return std::move(beaten).error();
  const Result<bool> delivered = deliver(limit);
  if (!delivered) return delivered.error();
  if (*delivered) return Step::moved;
  if (!state_.uploads.empty()) {
    if (Result<void> sent = upload(); !sent) return std::move(sent).error();
    return Step::moved;
  }
  if (!state_.end) {
    if (unsaved_ && setup_.clock.monotonic() - saved_at_ >= kSaveInterval) {
      if (Result<void> saved = save(); !saved) return std::move(saved).error();
    }
    return Step::idle;
  }
  if (Result<void> ended = end_run(); !ended) return std::move(ended).error();
  return Step::ended;
}

Result<void> Delivery::connect() {
  if (store_ != nullptr) return {};
  Result<std::unique_ptr<Store>> opened = setup_.connections.store(setup_.settings);
  if (!opened) return std::move(opened).error();
  store_ = std::move(*opened);
  return {};
}

Result<void> Delivery::save() {
  if (Result<void> saved = setup_.folder.save_state(state_); !saved) return saved;
  saved_at_ = setup_.clock.monotonic();
  unsaved_ = false;
  return {};
}

Result<void> Delivery::ensure_run() {
  if (run_is_set_up_ || !state_.run_id.empty()) {
    run_is_set_up_ = true;
    return {};
  }
  if (!setup_.folder.plan().resumed_run.empty()) return resume_run();
  if (Result<void> found = find_experiment(); !found) return found;
  if (state_.create_attempted) {
    const Result<std::vector<Run>> runs = runs_of_journal();
    if (!runs) return runs.error();
    if (!runs->empty()) return adopt(runs->front());
  }
  // On disk before the request is on the wire: whoever delivers next must look before it makes one.
  state_.create_attempted = true;
  if (Result<void> saved = save(); !saved) return saved;
  const RunPlan& plan = setup_.folder.plan();
  const Result<Run> run =
      store_->runs().create({.experiment_id = ExperimentId(state_.experiment_id),
                             .user_id = plan.user,
                             .name = plan.run_name,
                             .start_time_ms = plan.start_time_ms,
                             .tags = plan.tags});
  if (!run) return run.error();
  return adopt(*run);
}

Result<void> Delivery::adopt(const Run& run) {
  state_.run_id = run.info.id.str();
  state_.artifact_uri = run.info.artifact_uri;
  state_.experiment_id = run.info.experiment_id.str();
  return save();
}

Result<void> Delivery::resume_run() {
  const RunId id(setup_.folder.plan().resumed_run);
  const Result<Run> run = store_->runs().get(id);
  if (!run) return run.error();
  for (const Metric& point : run->metrics) {
    if (!point.key.starts_with(kSystemPrefix)) continue;
    next_system_step_ = std::max(next_system_step_, point.step + 1);
  }
  Batch batch;
  batch.tags = setup_.folder.plan().tags;
  if (Result<void> tagged = store_->runs().log_batch(id, batch); !tagged) return tagged;
  const Result<RunInfo> running =
      store_->runs().update(id, {.status = RunStatus::running, .end_time_ms = {}, .name = {}});
  if (!running) return running.error();
  return adopt(*run);
}

Result<void> Delivery::find_experiment() {
  const RunPlan& plan = setup_.folder.plan();
  if (!plan.experiment_id.empty()) state_.experiment_id = plan.experiment_id;
  if (!state_.experiment_id.empty()) return {};
  Result<std::optional<Experiment>> found = store_->experiments().find(plan.experiment_name);
  if (!found) return std::move(found).error();
  if (!*found) {
    NewExperiment fresh;
    fresh.name = plan.experiment_name;
    const Result<ExperimentId> made = store_->experiments().create(fresh);
    if (made) {
      state_.experiment_id = made->str();
      return {};
    }
    if (made.error().code != ErrorCode::conflict) return made.error();
    // Somebody else was first.
    found = store_->experiments().find(plan.experiment_name);
    if (!found) return std::move(found).error();
    if (!*found) return made.error();
  }
  if ((*found)->stage == LifecycleStage::deleted) {
    return Error{ErrorCode::invalid_state, "experiment \"" + plan.experiment_name +
                                               "\" was deleted; restore it, or record under "
                                               "another name"};
  }
  state_.experiment_id = (*found)->id.str();
  return {};
}

Result<std::vector<Run>> Delivery::runs_of_journal() {
  RunQuery query;
  query.experiment_ids = {ExperimentId(state_.experiment_id)};
  query.filter =
      "tags.`" + std::string(kJournalTag) + "` = '" + setup_.folder.plan().journal_id + "'";
  query.max_results = 100;
  Result<Page<Run>> page = store_->runs().search(query);
  if (!page) return std::move(page).error();
  return std::move(page->items);
}

// A proxy or a repeating library may have brought the request to make the run twice.
Result<void> Delivery::remove_twins() {
  if (!setup_.folder.plan().resumed_run.empty()) return {};
  const Result<std::vector<Run>> runs = runs_of_journal();
  if (!runs) return runs.error();
  for (const Run& run : *runs) {
    if (run.info.id.str() == state_.run_id) continue;
    Result<void> removed = store_->runs().remove(run.info.id);
    if (!removed && !is_refusal(removed.error().code)) return removed;
  }
  return {};
}

Result<void> Delivery::beat() {
  const RunPlan& plan = setup_.folder.plan();
  const Monotonic now = setup_.clock.monotonic();
  if (setup_.owner == Owner::dead || plan.heartbeat_interval_ms <= 0 || now < next_beat_) return {};
  Batch batch;
  batch.tags.push_back({std::string(kHeartbeatTag),
                        encode(Heartbeat{plan.owner, now_ms(), plan.heartbeat_interval_ms})});
  Result<void> logged = store_->runs().log_batch(RunId(state_.run_id), batch);
  // A run that does not take a tag has a worse problem, which its entries will meet.
  if (!logged && !is_refusal(logged.error().code)) return logged;
  next_beat_ = now + milliseconds(plan.heartbeat_interval_ms);
  return {};
}

// Whether there was something.
Result<bool> Delivery::deliver(Position limit) {
  while (unit_.entries < batch_entries_ && !unit_.end && !all_read_) {
    const Result<SegmentReader::Read> read =
        reader_.next(limit, [this](Operation&& entry) { unit_.add(std::move(entry)); });
    for (const Damage& damage : reader_.take_damage()) note_damage(damage);
    if (!read) return read.error();
    if (*read == SegmentReader::Read::nothing) {
      all_read_ = setup_.owner == Owner::dead;
      break;
    }
  }
  if (unit_.entries > 0) {
    const Result<Refusals> sent = sender_.send(store_->runs(), RunId(state_.run_id), unit_);
    if (!sent) return sent.error();
    Result<void> committed = commit(std::exchange(unit_, {}), *sent);
    if (!committed) return std::move(committed).error();
    return true;
  }
  if (all_read_ && !state_.end) {
    state_.end = last_word();
    unsaved_ = true;
    return true;
  }
  return false;
}

Result<void> Delivery::commit(DeliveryUnit&& unit, const Refusals& refusals) {
  if (refusals.count > 0) {
    log_event(LogLevel::warning, "the tracking store refused entries of a run",
              {{"run", state_.run_id},
               {"entries", static_cast<std::int64_t>(refusals.count)},
               {"noted in", setup_.folder.refused_path().native()}});
    if (Result<void> noted = setup_.folder.append_refused(refusals.lines); !noted) {
      log_event(LogLevel::error, "refused entries could not be noted",
                {{"error", noted.error().message}});
    }
  }
  for (TextNote& text : unit.texts) {
    const fs::path file =
        setup_.folder.path() / ("text-" + std::to_string(state_.next_owned_file++));
    if (Result<void> written = write_file_atomically(file, text.content); !written) {
      Result<void> given_up = give_up_artifact(
          {file.string(), text.artifact_path, ArtifactNote::Shape::owned}, written.error());
      if (!given_up) return given_up;
      continue;
    }
    unit.artifacts.push_back(
        {file.string(), std::move(text.artifact_path), ArtifactNote::Shape::owned});
  }
  std::move(unit.artifacts.begin(), unit.artifacts.end(), std::back_inserter(state_.uploads));
  const bool new_segment = reader_.position().segment != state_.position.segment;
  state_.position = reader_.position();
  state_.points += unit.batch.metrics.size();
  state_.refused += refusals.count;
  state_.last_time_ms = std::max(state_.last_time_ms, unit.last_time_ms);
  if (unit.losses) state_.losses = *unit.losses;
  if (unit.end) state_.end = unit.end;
  for (auto& [key, step] : unit.last_steps) state_.last_steps[key] = step;
  unsaved_ = true;
  if (!new_segment && !unit.end && setup_.clock.monotonic() - saved_at_ < kSaveInterval) return {};
  if (Result<void> saved = save(); !saved) {
    log_event(LogLevel::warning, "a journal's state could not be saved",
              {{"error", saved.error().message}});
    return {};
  }
  freed_ += setup_.folder.remove_segments_before(state_.position.segment);
  return {};
}

// It holds nothing up. A recovery that is interrupted may tell of it twice.
void Delivery::note_damage(const Damage& damage) {
  log_event(LogLevel::warning, "a part of a journal cannot be read",
            {{"journal", setup_.folder.plan().journal_id},
             {"file", damage.file},
             {"offset", static_cast<std::int64_t>(damage.offset)},
             {"bytes", static_cast<std::int64_t>(damage.bytes)}});
  std::string line = "{\"kind\":\"damage\",\"key\":";
  append_json_string(line, damage.file);
  line += ",\"value\":\"" + std::to_string(damage.bytes) +
          "\",\"reason\":\"cannot be read from byte " + std::to_string(damage.offset) + " on\"}\n";
  if (Result<void> noted = setup_.folder.append_refused(line); !noted) {
    log_event(LogLevel::error, "damage could not be noted", {{"error", noted.error().message}});
  }
  setup_.folder.keep_damaged(damage.file);
  state_.unreadable_bytes += std::max<std::uint64_t>(damage.bytes, 1);
  unsaved_ = true;
  damage_.push_back(damage);
}

Result<void> Delivery::upload() {
  const ArtifactNote note = state_.uploads.front();
  const Result<void> sent = send_artifact(note);
  if (!sent && !is_refusal(sent.error().code)) return sent.error();
  if (!sent) {
    if (Result<void> given_up = give_up_artifact(note, sent.error()); !given_up) return given_up;
  }
  state_.uploads.erase(state_.uploads.begin());
  if (Result<void> saved = save(); !saved) return saved;
  std::error_code ignored;
  if (note.shape == ArtifactNote::Shape::owned) fs::remove(note.local_path, ignored);
  return {};
}

Result<void> Delivery::send_artifact(const ArtifactNote& note) {
  std::error_code failed;
  const fs::file_status status = fs::status(note.local_path, failed);
  if (!fs::exists(status)) {
    return Error{ErrorCode::not_found, note.local_path + ": is not there any more"};
  }
  Result<std::unique_ptr<ArtifactStore>> store =
      setup_.connections.artifacts(state_.artifact_uri, setup_.settings);
  if (!store) return std::move(store).error();
  const fs::path local(note.local_path);
  if (note.shape == ArtifactNote::Shape::owned) {
    const Result<UploadedFile> sent = (*store)->upload(local, note.artifact_path, {});
    return sent ? Result<void>() : sent.error();
  }
  const bool below_own_name = note.shape == ArtifactNote::Shape::named && fs::is_directory(status);
  const std::string path =
      below_own_name ? joined(note.artifact_path, local.filename().string()) : note.artifact_path;
  const auto sent = upload_tree(**store, local, path, {});
  return sent ? Result<void>() : sent.error();
}

Result<void> Delivery::give_up_artifact(const ArtifactNote& note, const Error& reason) {
  log_event(LogLevel::warning, "an artifact could not be delivered",
            {{"run", state_.run_id}, {"file", note.local_path}, {"error", reason.message}});
  std::string line = "{\"kind\":\"artifact\",\"key\":";
  append_json_string(line, note.artifact_path);
  line += ",\"value\":";
  append_json_string(line, note.local_path);
  line += ",\"reason\":";
  append_json_string(line, reason.message);
  ++state_.lost_artifacts;
  return setup_.folder.append_refused(line + "}\n");
}

Result<void> Delivery::end_run() {
  const RunId run(state_.run_id);
  const LossNote& losses = state_.losses;
  Batch batch;
  if (losses.thinned + losses.dropped + state_.refused + state_.lost_artifacts +
          state_.unreadable_bytes >
      0) {
    batch.tags.push_back(
        {std::string(kLossTag), "points thinned " + std::to_string(losses.thinned) + ", dropped " +
                                    std::to_string(losses.dropped) + "; entries refused " +
                                    std::to_string(state_.refused) + "; artifacts lost " +
                                    std::to_string(state_.lost_artifacts) + "; unreadable bytes " +
                                    std::to_string(state_.unreadable_bytes)});
    if (Result<void> tagged = store_->runs().log_batch(run, batch); !tagged) return tagged;
  }
  if (Result<void> alone = remove_twins(); !alone) return alone;
  const Result<RunInfo> ended = store_->runs().update(
      run, {.status = state_.end->status, .end_time_ms = state_.end->time_ms, .name = {}});
  if (!ended) return ended.error();
  if (Result<void> removed = remove_heartbeat(); !removed) return removed;
  return setup_.folder.remove();
}

// It says nothing about a run that has ended, and MLflow's UI shows every tag.
Result<void> Delivery::remove_heartbeat() {
  if (setup_.folder.plan().heartbeat_interval_ms <= 0) return {};
  Result<void> removed = store_->runs().delete_tag(RunId(state_.run_id), kHeartbeatTag);
  // Gone already: the end was cut off behind this point, or the request arrived twice.
  if (!removed && !is_refusal(removed.error().code)) return removed;
  return {};
}

// How a process ended that did not end its run: what its signal or terminate handler noted, else
// killed; at the time of its last sign of life.
RunEnd Delivery::last_word() const {
  RunEnd end{RunStatus::killed, std::max(state_.last_time_ms, setup_.folder.plan().start_time_ms)};
  const Result<std::string> word = read_file(setup_.folder.last_word_path(), 4096);
  if (word && word->starts_with("FAILED")) end.status = RunStatus::failed;
  return end;
}

}  // namespace liquid::tracking::recorder
