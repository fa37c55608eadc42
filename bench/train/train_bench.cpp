#include <sys/resource.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/peak.h"
#include "kernels/team.h"
#include "lfm2/model/model.h"
#include "train/optimizer.h"
#include "train/process_group.h"
#include "train/step_maker.h"

// One process that makes training steps when it is told to, so that run.py can let ours and the
// rival's take turns on the same cores.
//
//   liquid_train_bench peak                          FLOP/s of the machine, as JSON
//   liquid_train_bench steps MODEL STEPS.json RANK   reads step numbers, one on a line, from
//   standard input
//
// STEPS.json = [ { "input_ids": […], "labels": […], "seq_lens": […] }, … ]: one packed sequence for
// each step.

namespace {

namespace json = boost::json;
using liquid::lfm2::Batch;

int fail(const std::string& message) {
  std::cerr << "liquid_train_bench: " << message << "\n";
  return 1;
}

std::vector<Batch> read_steps(const char* file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  std::vector<Batch> steps;
  const json::value all = json::parse(text.str());
  for (const json::value& step : all.as_array()) {
    steps.push_back({json::value_to<std::vector<std::int32_t>>(step.at("input_ids")),
                     json::value_to<std::vector<std::int32_t>>(step.at("labels")),
                     json::value_to<std::vector<std::int32_t>>(step.at("seq_lens"))});
  }
  return steps;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int print_peak() {
  liquid::kernels::Team team;
  const auto peak = liquid::kernels::measure_peak(team, std::chrono::seconds(2));
  std::cout << json::serialize(json::object{{"threads", team.threads()},
                                            {"fma", peak.fma},
                                            {"gemm_f32", peak.gemm_f32},
                                            {"gemm_bf16", peak.gemm_bf16}})
            << std::endl;
  return 0;
}

int make_steps(const char* model_folder, const std::vector<Batch>& steps, std::uint32_t rank) {
  liquid::kernels::Team team;
  liquid::lfm2::ModelOptions options;
  options.trainable = liquid::lfm2::Trainable::adapter;
  options.lora = liquid::lfm2::LoraSettings{};
  options.lora->r = rank;
  options.lora->dropout = 0;
  options.team = &team;
  auto model = liquid::lfm2::Model::open(model_folder, options);
  if (!model) return fail(model.error().message);
  liquid::train::ModelTrainee trainee(**model);
  liquid::train::Optimizer optimizer((*model)->parameters(), {},
                                     liquid::train::Optimizer::Group::adapter, team);
  auto group = liquid::train::ProcessGroup::join({});
  if (!group) return fail(group.error().message);
  liquid::train::StepMaker maker(trainee, optimizer, **group, 1.0);
  std::cout << "ready" << std::endl;
  for (std::size_t index = 0; std::cin >> index;) {
    const auto begun = std::chrono::steady_clock::now();
    const auto made = maker.make({&steps.at(index), 1}, {2e-4, index});
    if (!made) return fail(made.error().message);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::cout << json::serialize(json::object{{"seconds", took.count()},
                                              {"loss", made->loss},
                                              {"tokens", made->positions},
                                              {"positions", made->positions},
                                              {"trained", made->trained_tokens},
                                              {"peak_mb", peak_megabytes()}})
              << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (argc == 2 && words[1] == "peak") return print_peak();
  if (argc == 5 && words[1] == "steps") {
    return make_steps(argv[2], read_steps(argv[3]),
                      static_cast<std::uint32_t>(std::stoul(words[4])));
  }
  return fail("expected: peak, or steps MODEL STEPS.json RANK");
}
