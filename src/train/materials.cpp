#include "train/materials.h"

#include <algorithm>
#include <vector>

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHowToGetAModel =
    "\nTo get one:\n"
    "  hf download LiquidAI/LFM2-700M --local-dir models/LFM2-700M\n"
    "or make a small one with random weights, for trying things out:\n"
    "  liquid train new-model --preset tiny --tokenizer-from DATA --output models/tiny\n"
    "Another place is named by --model.";

bool is_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "config.json", ignored);
}

std::vector<fs::path> models_below(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (is_model(entry.path())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<fs::path> default_model() {
  if (is_model(kDefaultModel)) return fs::path(kDefaultModel);
  const std::vector<fs::path> found = models_below("models");
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return Error{ErrorCode::not_found,
                 std::string("there is no model in ") + kDefaultModel + "." + kHowToGetAModel};
  }
  std::string names;
  for (const fs::path& path : found) names += (names.empty() ? "" : ", ") + path.string();
  return Error{ErrorCode::not_found, std::string("there is no model in ") + kDefaultModel +
                                         ", but there are " + names + ": say which with --model"};
}

// Most models have a template; data of plain text and of prompts needs none.
Result<tokenizer::ChatTemplate> chat_of(const tokenizer::Tokenizer& tokenizer, const Say& say) {
  auto chat = tokenizer::ChatTemplate::of(tokenizer);
  if (chat || chat.error().code != ErrorCode::not_found) return chat;
  say("the model has no chat template; chats are written in LFM2's form");
  return tokenizer::ChatTemplate::forced(tokenizer, tokenizer::ChatForm::lfm2);
}

void tell(const Dataset& dataset, const std::string& source, const Say& say) {
  const DatasetCounts& counts = dataset.counts;
  for (const BadRow& row : dataset.bad_rows) {
    say("skipped " + row.file.string() + ":" + std::to_string(row.line) + ": " + row.reason);
  }
  const auto unseen = counts.bad - static_cast<std::int64_t>(dataset.bad_rows.size());
  if (unseen > 0) say("skipped " + std::to_string(unseen) + " more rows of " + source);
  const auto count = [&](std::int64_t number, const char* what) {
    if (number > 0) say(source + ": " + std::to_string(number) + what);
  };
  count(counts.truncated, " samples were cut to max-length");
  count(counts.dropped, " samples longer than max-length were dropped");
  count(counts.without_trained_tokens, " samples have no token to train on and are left out");
}

Result<Dataset> read_told(const std::string& source, const Materials& materials,
                          const Settings& settings, const Say& say) {
  auto dataset =
      read_dataset(source, materials.tokenizer, materials.chat, dataset_options(settings));
  if (!dataset) return dataset;
  tell(*dataset, source, say);
  if (dataset->samples.empty()) {
    return Error{ErrorCode::invalid_argument, source + " has no sample to train on"};
  }
  return dataset;
}

DatasetUse use_of(const Dataset& dataset, std::string source, const Materials& materials) {
  return {std::move(source), dataset.files,
          profile_of(dataset, materials.tokenizer, materials.chat)};
}

Result<void> read_evaluation(Materials& materials, const Settings& settings,
                             const std::string& source, const Say& say) {
  if (!settings.data.eval_data.empty()) {
    auto eval = read_told(settings.data.eval_data, materials, settings, say);
    if (!eval) return std::move(eval).error().with_context("eval-data");
    materials.eval_use = use_of(*eval, settings.data.eval_data, materials);
    materials.eval = std::move(*eval);
  } else if (settings.data.eval_share > 0) {
    materials.eval = take_held_out(materials.train, settings.data.eval_share,
                                   static_cast<std::uint64_t>(settings.loop.seed));
    materials.eval_use = use_of(*materials.eval, source + " (held out)", materials);
    if (materials.eval->samples.empty() || materials.train.samples.empty()) {
      return Error{
          ErrorCode::invalid_argument,
          "eval-share " + std::to_string(settings.data.eval_share) + " of " +
              std::to_string(materials.train.samples.size() + materials.eval->samples.size()) +
              " samples leaves one side empty"};
    }
  }
  return {};
}

}  // namespace

Result<fs::path> find_model_folder(const std::string& wanted) {
  auto folder = wanted.empty() ? default_model() : Result<fs::path>(fs::path(wanted));
  if (!folder) return folder;
  std::error_code ignored;
  if (!fs::is_directory(*folder, ignored)) {
    return Error{ErrorCode::not_found,
                 "model '" + folder->string() + "' is no folder." + kHowToGetAModel};
  }
  if (!is_model(*folder)) {
    return Error{ErrorCode::not_found, "model '" + folder->string() +
                                           "' has no config.json, so it is no model folder." +
                                           kHowToGetAModel};
  }
  return fs::absolute(*folder).lexically_normal();
}

Result<std::string> find_data(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  std::error_code ignored;
  if (fs::exists(kDefaultData, ignored)) return std::string(kDefaultData);
  return Error{ErrorCode::not_found,
               std::string("there is no data in ") + kDefaultData +
                   ": put .jsonl files there (messages, Alpaca, ShareGPT, prompt/completion or "
                   "text, one sample a line), or name a file, folder or glob with --data"};
}

Result<Materials> read_materials(const Settings& settings, const fs::path& model_folder,
                                 const Say& say) {
  const auto source = find_data(settings.data.data);
  if (!source) return source.error();
  auto tokenizer = tokenizer::Tokenizer::open(model_folder);
  if (!tokenizer) return std::move(tokenizer).error();
  auto chat = chat_of(*tokenizer, say);
  if (!chat) return std::move(chat).error().with_context(model_folder.string());
  Materials materials{std::move(*tokenizer), std::move(*chat), {}, {}, {}, {}};
  auto train = read_told(*source, materials, settings, say);
  if (!train) return std::move(train).error();
  materials.train = std::move(*train);
  auto held_out = read_evaluation(materials, settings, *source, say);
  if (!held_out) return std::move(held_out).error();
  materials.train_use = use_of(materials.train, *source, materials);
  return materials;
}

}  // namespace liquid::train
