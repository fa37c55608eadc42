// Speed of the products that a training step consists of. Reads lines
//   forward|backward|gradient f32|bf16|f16|nf4 ROWS IN OUT MILLISECONDS [avx512|avx2|portable
//   [THREADS]] peak MILLISECONDS [ISA [THREADS]]
// from standard input and answers each with one line: GFLOP/s of the fastest call, and the same by
// the caller's own processor time, which other programs on the machine disturb less.
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/convert.h"
#include "kernels/gemm.h"
#include "kernels/nf4.h"
#include "kernels/peak.h"

namespace {

using namespace liquid::kernels;
using SteadyClock = std::chrono::steady_clock;

struct Request {
  std::string direction;
  std::string storage;
  std::int64_t rows = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  int milliseconds = 0;
};

Isa isa_named(const std::string& name) {
  if (name == "portable") return Isa::portable;
  if (name == "avx2") return Isa::avx2;
  return name == "avx512" ? Isa::avx512 : best_isa();
}

FloatBuffer filled(std::int64_t count) {
  FloatBuffer buffer(count);
  for (std::int64_t i = 0; i < count; ++i) {
    buffer.data()[i] = static_cast<float>(i * 7919 % 2003) / 1000.0F - 1.0F;
  }
  return buffer;
}

/// Keeps the bytes of a weight in the storage that was asked for.
struct StoredWeight {
  StoredWeight(const Request& request, const FloatBuffer& values) {
    const std::span<const float> all(values.data(), static_cast<std::size_t>(values.size()));
    if (request.storage == "nf4") {
      quantized = nf4_quantize(all, request.out, request.in, {});
      view = quantized.view();
    } else if (request.storage == "f32") {
      view = weight_f32(values.data(), request.out, request.in);
    } else {
      halves.resize(all.size());
      const bool bf16 = request.storage == "bf16";
      if (bf16) {
        f32_to_bf16(all, halves);
      } else {
        f32_to_f16(all, halves);
      }
      view = bf16 ? weight_bf16(halves.data(), request.out, request.in)
                  : weight_f16(halves.data(), request.out, request.in);
    }
  }
  Nf4Weight quantized;
  std::vector<std::uint16_t> halves;
  WeightView view;
};

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Rate {
  double wall = 0;
  double processor = 0;
};

Rate rate(Team& team, const Request& request) {
  const FloatBuffer x = filled(request.rows * request.in);
  const FloatBuffer y = filled(request.rows * request.out);
  const FloatBuffer values = filled(request.in * request.out);
  const StoredWeight weight(request, values);
  const Matrix input = dense(x.data(), request.rows, request.in);
  const Matrix output = dense(y.data(), request.rows, request.out);
  const std::array forward = {ForwardPart{.weight = weight.view, .y = output}};
  const std::array backward = {BackwardPart{.dy = output, .weight = weight.view}};
  const auto call = [&] {
    if (request.direction == "forward") {
      linear_forward(team, input, forward);
    } else if (request.direction == "backward") {
      linear_backward(team, backward, input, Write::replace);
    } else {
      multiply_tn(team, output, input, dense(values.data(), request.out, request.in),
                  {.write = Write::add});
    }
  };
  const double operations = 2.0 * static_cast<double>(request.rows) *
                            static_cast<double>(request.in) * static_cast<double>(request.out);
  Rate best;
  const auto start = SteadyClock::now();
  const std::chrono::milliseconds budget(request.milliseconds);
  for (int i = 0; i < 3 || SteadyClock::now() - start < budget; ++i) {
    const auto begin = SteadyClock::now();
    const double processor = thread_seconds();
    call();
    const std::chrono::duration<double> wall = SteadyClock::now() - begin;
    best.wall = std::max(best.wall, operations / wall.count() / 1e9);
    best.processor = std::max(best.processor, operations / (thread_seconds() - processor) / 1e9);
  }
  return best;
}

}  // namespace

int main() {
  std::unique_ptr<Team> team;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    Request request;
    words >> request.direction;
    const bool peak = request.direction == "peak";
    if (!peak) words >> request.storage >> request.rows >> request.in >> request.out;
    words >> request.milliseconds;
    std::string isa;
    TeamOptions options;
    if (words >> isa) options.isa = isa_named(isa);
    int threads = 0;
    if (words >> threads) options.threads = threads;
    if (!team || team->isa() != options.isa || team->threads() != options.threads) {
      team = std::make_unique<Team>(options);
    }
    Rate best;
    if (peak) {
      best.wall = measure_peak(*team, std::chrono::milliseconds(request.milliseconds)).fma / 1e9;
    } else {
      best = rate(*team, request);
    }
    std::cout << best.wall << ' ' << best.processor << '\n' << std::flush;
  }
  return 0;
}
