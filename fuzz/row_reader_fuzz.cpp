// Bytes → rows of a file in each layout: ends, rows are in ascending lines and never more than
// bytes.
#include "train/data/row_reader.h"

#include <unistd.h>

#include <fstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using liquid::train::RowReader;
  static const std::string stem =
      (std::filesystem::temp_directory_path() / "row_reader_fuzz.").string() +
      std::to_string(::getpid());
  const std::string path = stem + (size % 2 == 0 ? ".json" : ".jsonl");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  auto reader = RowReader::open(path);
  std::filesystem::remove(path);
  if (!reader) __builtin_trap();
  std::int64_t line = 1;
  for (std::size_t rows = 0; rows <= size; ++rows) {
    const auto row = reader->next();
    if (!row || !*row) return 0;
    if ((*row)->line < line) __builtin_trap();
    line = (*row)->line;
  }
  // gzip may hold more rows than it has bytes.
  if (size < 2 || data[0] != 0x1F || data[1] != 0x8B) __builtin_trap();
  return 0;
}
