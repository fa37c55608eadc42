// What encoding and decoding cost on one thread:
//
//   liquid_tokenizer_bench train TEXTS FOLDER VOCABULARY   learns a tokenizer, writes its files
//   liquid_tokenizer_bench encode TEXTS FOLDER ROUNDS      every text by itself
//   liquid_tokenizer_bench decode TEXTS FOLDER ROUNDS      its ids back
//
// TEXTS is a JSON array of strings. Prints one JSON object. rival.py does the same with Python's
// tokenizers; `digest` says whether both found the same ids and texts.

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "tokenizer/bpe_trainer.h"
#include "tokenizer/tokenizer.h"

namespace {

using namespace liquid;
using namespace liquid::tokenizer;
namespace json = boost::json;

template <typename T>
T value_of(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "tokenizer_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

/// Of the processor: one thread that never waits, whatever else the machine does.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::vector<std::string> read_texts(const std::string& file) {
  return json::value_to<std::vector<std::string>>(json::parse(value_of(read_file(file))));
}

json::object train(const std::vector<std::string>& texts, const std::string& folder,
                   std::size_t vocabulary) {
  const double begin = cpu_seconds();
  BpeTrainer trainer({.vocabulary_size = vocabulary});
  for (const std::string& text : texts) trainer.add(text);
  const TokenizerFiles files = value_of(trainer.train());
  const double seconds = cpu_seconds() - begin;
  if (const Result<void> done = write_tokenizer_files(files, folder); !done) {
    std::fprintf(stderr, "tokenizer_bench: %s\n", done.error().message.c_str());
    std::exit(1);
  }
  return {{"seconds", seconds}};
}

template <typename Work>
json::array rounds(int count, Work work) {
  json::array seconds;
  for (int round = 0; round < count; ++round) {
    const double begin = cpu_seconds();
    work();
    seconds.emplace_back(cpu_seconds() - begin);
  }
  return seconds;
}

json::object measure(bool decoding, const std::vector<std::string>& texts,
                     const std::string& folder, int count) {
  const Tokenizer tokenizer = value_of(Tokenizer::open(folder));
  std::vector<std::vector<TokenId>> ids(texts.size());
  std::vector<std::string> back(texts.size());
  const auto encode = [&] {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ids[i] = tokenizer.encode(texts[i], SpecialTokens::leave_out);
    }
  };
  const auto decode = [&] {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      back[i] = tokenizer.decode(ids[i], DecodeSpecial::keep);
    }
  };
  encode();  // warm
  const json::array seconds = decoding ? rounds(count, decode) : rounds(count, encode);
  Sha256Builder digest;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    tokens += ids[i].size();
    for (const TokenId id : ids[i]) digest.append(std::to_string(id) + "\n");
    if (decoding) digest.append(back[i]);
  }
  return {{"seconds", seconds}, {"tokens", tokens}, {"digest", digest.finish().hex()}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: liquid_tokenizer_bench train|encode|decode TEXTS FOLDER NUMBER\n");
    return 2;
  }
  const std::string work = argv[1];
  const std::vector<std::string> texts = read_texts(argv[2]);
  const int number = std::atoi(argv[4]);
  if (work == "train") {
    std::cout << train(texts, argv[3], static_cast<std::size_t>(number)) << "\n";
  } else {
    std::cout << measure(work == "decode", texts, argv[3], number) << "\n";
  }
  return 0;
}
