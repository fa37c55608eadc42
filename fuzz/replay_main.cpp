// The `main` of a fuzz target in builds without libFuzzer: runs every file of the folders given,
// then shortened and altered copies of each. The same bytes on every run, so a failure can be
// repeated.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kPrefixesPerSeed = 16;
constexpr std::size_t kAlteredPerSeed = 48;

void run(const std::string& input) {
  // A copy of exactly this size, so that AddressSanitizer sees a read behind its end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string altered(std::string input, std::mt19937& random) {
  const std::size_t changes = 1 + random() % 4;
  for (std::size_t i = 0; i < changes && !input.empty(); ++i) {
    const std::size_t at = random() % input.size();
    switch (random() % 3) {
      case 0: input[at] = static_cast<char>(random() & 0xFF); break;
      case 1: input.erase(at, 1 + random() % 8); break;
      default: input.insert(at, input.substr(random() % input.size(), random() % 16)); break;
    }
  }
  return input;
}

void run_with_neighbours(const std::string& seed) {
  run(seed);
  for (std::size_t i = 0; i < kPrefixesPerSeed; ++i) {
    run(seed.substr(0, seed.size() * i / kPrefixesPerSeed));
  }
  std::mt19937 random(static_cast<std::uint32_t>(seed.size()));
  for (std::size_t i = 0; i < kAlteredPerSeed; ++i) run(altered(seed, random));
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t seeds = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_in(argv[i])) {
      std::ifstream file(path, std::ios::binary);
      run_with_neighbours({std::istreambuf_iterator<char>(file), {}});
      ++seeds;
    }
  }
  std::printf("%zu seeds, %zu inputs\n", seeds, seeds * (1 + kPrefixesPerSeed + kAlteredPerSeed));
  return seeds == 0 ? 1 : 0;
}
