#include "train/machine_choice.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <c10/core/Device.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include "kernels/peak.h"

namespace liquid::train {
namespace {

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBudget{150};
constexpr std::int64_t kSide = 512;

// The best of several products of squares, in operations a second: other load only slows one down.
double product_speed(const std::string& device, at::ScalarType type) {
  const at::NoGradGuard no_graph;
  const at::Tensor a = at::rand({kSide, kSide}).to(at::Device(device), type);
  const double operations = 2.0 * static_cast<double>(kSide * kSide * kSide);
  double best = 0;
  const auto end = SteadyClock::now() + kBudget;
  do {
    const auto began = SteadyClock::now();
    // Reading one number back waits for a device that works on its own.
    static_cast<void>(at::mm(a, a)[0][0].item<float>());
    best = std::max(best, operations / Seconds(SteadyClock::now() - began).count());
  } while (SteadyClock::now() < end);
  return best;
}

std::string giga(double speed) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.0f", speed / 1e9);
  return text;
}

bool has_cuda() { return at::globalContext().hasCUDA(); }

Result<std::string> choose_device(const std::string& wanted, int local_rank) {
  const std::string own = "cuda:" + std::to_string(local_rank);
  if (wanted == "auto") return has_cuda() ? own : std::string("cpu");
  if (wanted == "cpu") return wanted;
  const bool numbered =
      wanted.starts_with("cuda:") && wanted.size() > 5 &&
      std::all_of(wanted.begin() + 5, wanted.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (wanted != "cuda" && !numbered) {
    return Error{ErrorCode::invalid_argument,
                 "device '" + wanted + "': expected auto, cpu, cuda or cuda:N"};
  }
  if (!has_cuda()) {
    return Error{ErrorCode::invalid_argument,
                 "device '" + wanted +
                     "': this machine has no CUDA device that LibTorch can use (a CPU build of "
                     "LibTorch has none at all); expected cpu"};
  }
  return wanted == "cuda" ? own : wanted;
}

const char* stored_name(const lfm2::Lfm2Config& model) {
  if (model.dtype == "bfloat16") return "bf16";
  return model.dtype == "float16" ? "fp16" : "fp32";
}

std::string storage_name(const Settings& settings, const lfm2::Lfm2Config& model) {
  if (settings.model.method == Method::full) return "fp32";
  if (settings.model.method == Method::qlora) {
    return settings.model.double_quantization ? "nf4-double" : "nf4";
  }
  switch (settings.machine.weights) {
    case WeightStorage::fp32: return "fp32";
    case WeightStorage::bf16: return "bf16";
    case WeightStorage::nf4: return "nf4";
    case WeightStorage::automatic: return stored_name(model);
  }
  return "fp32";
}

double peak_of(const kernels::MachinePeak& peak, const std::string& storage) {
  if (storage.starts_with("nf4")) return peak.gemm_nf4;
  return storage == "fp32" ? peak.gemm_f32 : peak.gemm_bf16;
}

struct Speeds {
  double fp32 = 0;
  double bf16 = 0;
};

Speeds measure(const std::string& device, const std::string& storage, kernels::Team& team) {
  if (device == "cpu") {
    return {peak_of(kernels::measure_peak(team, kBudget), storage),
            product_speed(device, at::kBFloat16)};
  }
  return {product_speed(device, at::kFloat), product_speed(device, at::kBFloat16)};
}

// Around the products a step in bf16 runs through LibTorch's operators one by one, where fp32 has
// our fused kernels. Measured on an AVX512-BF16 machine: products 4.3 times as fast, steps 5.2
// times as slow (hidden size 1024, 4 layers, 500 positions). So bf16 must win by what is lost
// there, or it does not pay.
constexpr double kLostAroundProducts = 22;

bool bf16_pays(const std::string& device, const Speeds& speeds) {
  return speeds.bf16 > speeds.fp32 * (device == "cpu" ? kLostAroundProducts : 1.0);
}

MachineReport describe_choice(MachineReport report, const Speeds& speeds, NumberType wanted) {
  const bool measured = wanted == NumberType::automatic;
  const bool bf16 = measured ? bf16_pays(report.device, speeds) : wanted == NumberType::bf16;
  report.number_type = bf16 ? "bf16" : "fp32";
  report.peak_flops = bf16 ? speeds.bf16 : speeds.fp32;
  report.choice = report.number_type + (measured ? " chosen" : " as asked") + ": products run at " +
                  giga(speeds.fp32) + " GFLOP/s in fp32, " + giga(speeds.bf16) + " in bf16";
  if (measured && !bf16 && speeds.bf16 > speeds.fp32) {
    report.choice += "; what is around them is faster in fp32 by more";
  }
  if (!measured && bf16 && !bf16_pays(report.device, speeds)) {
    report.choice += "; fp32 would be faster";
  }
  return report;
}

}  // namespace

Result<MachineReport> choose_machine(const Settings& settings, const lfm2::Lfm2Config& model,
                                     kernels::Team& team, int local_rank) {
  MachineReport report;
  const auto device = choose_device(settings.machine.device, local_rank);
  if (!device) return device.error();
  report.device = *device;
  report.storage = storage_name(settings, model);
  report.threads = team.threads();
  at::set_num_threads(team.threads());
  try {  // a device that is busy, or that there is none of this number: LibTorch throws
    const Speeds speeds = measure(report.device, report.storage, team);
    return describe_choice(std::move(report), speeds, settings.machine.number_type);
  } catch (const std::exception& exception) {
    const std::string what = exception.what();
    return Error{ErrorCode::invalid_argument,
                 "device '" + *device + "': " + what.substr(0, what.find('\n'))};
  }
}

}  // namespace liquid::train
