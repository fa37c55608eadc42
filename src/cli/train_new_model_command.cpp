#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/train_commands.h"
#include "lfm2/config.h"
#include "lfm2/layout.h"
#include "lfm2/new_model.h"
#include "tokenizer/bpe_trainer.h"
#include "tokenizer/tokenizer.h"
#include "train/data/raw_texts.h"

// liquid train new-model --preset NAME (--tokenizer-from DATA… | --tokenizer FOLDER) --output
// FOLDER

namespace liquid::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowMultiple = 64;  // so that the head divides well
constexpr const char* kExamples =
    "Examples:\n"
    "  liquid train new-model --preset tiny --tokenizer-from docs \\\n"
    "      --output models/tiny\n"
    "  liquid train new-model --preset 350m --tokenizer models/LFM2-350M \\\n"
    "      --dtype bfloat16 --output models/fresh-350m\n";

struct NewModelFlags {
  std::string preset = "tiny";
  std::vector<std::string> texts;
  std::string tokenizer;
  std::string output;
  std::string dtype = "float32";
  std::uint64_t seed = 42;
  std::size_t vocabulary = 0;
  bool overwrite = false;
};

Result<tokenizer::TokenizerFiles> learn(const NewModelFlags& flags, std::size_t vocabulary) {
  tokenizer::BpeTrainer trainer({.vocabulary_size = vocabulary});
  train::RawTextCounts all;
  for (const std::string& source : flags.texts) {
    const auto counts =
        train::for_each_text(source, [&](std::string_view text) { trainer.add(text); });
    if (!counts) return counts.error();
    all.files += counts->files;
    all.bytes += counts->bytes;
  }
  std::cout << "learning a tokenizer from " << all.files << " files, " << all.bytes / 1000
            << " kB of text" << std::endl;
  return trainer.train();
}

Result<void> copy_tokenizer(const fs::path& from, const fs::path& to) {
  for (const std::string_view name : tokenizer::kTokenizerFiles) {
    std::error_code failed;
    if (!fs::exists(from / name, failed)) continue;
    fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing, failed);
    if (failed) {
      return Error{ErrorCode::unavailable,
                   "copying " + (from / name).string() + ": " + failed.message()};
    }
  }
  return {};
}

Result<void> bring_tokenizer(const NewModelFlags& flags, std::size_t vocabulary,
                             const fs::path& folder) {
  if (!flags.tokenizer.empty()) return copy_tokenizer(flags.tokenizer, folder);
  const auto files = learn(flags, vocabulary);
  if (!files) return files.error();
  return tokenizer::write_tokenizer_files(*files, folder);
}

/// A tokenizer of its own decides the number of rows, unless that was given.
Result<void> fit_to(lfm2::Lfm2Config& config, const tokenizer::Tokenizer& tokens,
                    const NewModelFlags& flags) {
  const auto used = static_cast<std::int64_t>(tokens.size());
  if (flags.vocabulary > 0) {
    config.vocab_size = static_cast<std::int64_t>(flags.vocabulary);
  } else if (flags.tokenizer.empty() || used > config.vocab_size) {
    config.vocab_size = (used + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
  }
  if (used > config.vocab_size) {
    return Error{ErrorCode::invalid_argument, "vocab-size " + std::to_string(config.vocab_size) +
                                                  ": the tokenizer has " + std::to_string(used) +
                                                  " tokens, expected at least as many rows"};
  }
  config.pad_token_id = tokens.pad();
  config.bos_token_id = tokens.bos();
  if (const auto eos = tokens.eos()) config.eos_token_ids = {*eos};
  return {};
}

Result<void> prepare_folder(const NewModelFlags& flags) {
  std::error_code failed;
  if (fs::exists(fs::path(flags.output) / "config.json", failed) && !flags.overwrite) {
    return Error{ErrorCode::conflict, "output '" + flags.output +
                                          "' holds a model; --overwrite replaces it, or name "
                                          "another folder"};
  }
  fs::create_directories(flags.output, failed);
  if (!failed) return {};
  return Error{ErrorCode::permission_denied, "output '" + flags.output + "': " + failed.message()};
}

Result<lfm2::Lfm2Config> make(const NewModelFlags& flags) {
  auto config = lfm2::preset(flags.preset);
  if (!config) return config;
  config->dtype = flags.dtype;
  if (flags.texts.empty() == flags.tokenizer.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "expected either --tokenizer-from DATA (texts to learn one from) or --tokenizer "
                 "FOLDER (one to copy)"};
  }
  if (const auto ready = prepare_folder(flags); !ready) return ready.error();
  const auto wanted =
      flags.vocabulary > 0 ? flags.vocabulary : static_cast<std::size_t>(config->vocab_size);
  if (const auto brought = bring_tokenizer(flags, wanted, flags.output); !brought) {
    return brought.error();
  }
  const auto tokens = tokenizer::Tokenizer::open(flags.output);
  if (!tokens) return tokens.error();
  if (const auto fits = fit_to(*config, *tokens, flags); !fits) return fits.error();
  const auto written = lfm2::write_new_model(*config, flags.output, {.seed = flags.seed});
  if (!written) return written.error();
  return config;
}

int run(const NewModelFlags& flags) {
  const auto config = make(flags);
  if (!config) return failure(config.error());
  std::cout << flags.output << ": " << config->num_layers() << " layers, hidden size "
            << config->hidden_size << ", " << config->vocab_size << " tokens, "
            << lfm2::count_parameters(*config).total() << " parameters in " << config->dtype
            << ", random (seed " << flags.seed << ")\n";
  return kSuccess;
}

std::string presets() {
  std::string all;
  for (const std::string& name : lfm2::preset_names()) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

void add_new_model_command(CLI::App& app, int& status) {
  const auto flags = std::make_shared<NewModelFlags>();
  CLI::App* command =
      app.add_subcommand("new-model", "Make a randomly initialised model, with its tokenizer");
  command->footer(kExamples);
  command->add_option("--preset", flags->preset, "Shape: " + presets())->capture_default_str();
  command
      ->add_option("--tokenizer-from", flags->texts,
                   "Learn the tokenizer from these texts: files, folders or globs of .txt, .md, "
                   ".jsonl, .json")
      ->type_name("DATA");
  command->add_option("--tokenizer", flags->tokenizer, "Or copy it from this model folder")
      ->type_name("FOLDER");
  command->add_option("--output", flags->output, "Folder of the new model")
      ->type_name("FOLDER")
      ->required();
  command
      ->add_option("--vocab-size", flags->vocabulary,
                   "Rows of the embedding, and the most entries a new tokenizer gets")
      ->type_name("N");
  command->add_option("--dtype", flags->dtype, "float32, bfloat16 or float16")
      ->capture_default_str();
  command->add_option("--seed", flags->seed, "Of the weights")->capture_default_str();
  command->add_flag("--overwrite", flags->overwrite, "Replace a model that is there");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace liquid::cli
