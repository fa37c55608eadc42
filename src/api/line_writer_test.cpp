#include "api/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/file.h"

namespace liquid::api {
namespace {

std::filesystem::path scratch_file() {
  return std::filesystem::temp_directory_path() /
         ("line_writer_test." + std::to_string(getpid()) + ".log");
}

TEST(LineWriter, WritesEveryLineWholeAndInOrder) {
  const auto path = scratch_file();
  std::filesystem::remove(path);
  {
    auto writer = LineWriter::open(path);
    ASSERT_TRUE(writer);
    for (int i = 0; i < 5000; ++i) (*writer)->write("line " + std::to_string(i));
  }
  std::string expected;
  for (int i = 0; i < 5000; ++i) expected += "line " + std::to_string(i) + "\n";
  EXPECT_EQ(read_file(path).value_or(""), expected);
  std::filesystem::remove(path);
}

TEST(LineWriter, FlushWaitsForWhatWasHandedOver) {
  const auto path = scratch_file();
  std::filesystem::remove(path);
  auto writer = LineWriter::open(path);
  ASSERT_TRUE(writer);
  (*writer)->write("now");
  (*writer)->flush();
  EXPECT_EQ(read_file(path).value_or(""), "now\n");
  std::filesystem::remove(path);
}

TEST(LineWriter, NeverWaitsForAReaderThatDoesNotRead) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  {
    LineWriter writer(ends[1], LineWriter::Ownership::owned);
    const std::string line(1000, 'x');
    for (int i = 0; i < 20'000; ++i) writer.write(line);
    EXPECT_GT(writer.dropped(), 10'000u);
    close(ends[0]);  // lets the destructor end at once
  }
}

TEST(LineWriter, NamesAFileItCannotWrite) {
  const auto writer = LineWriter::open("/nowhere/at/all.log");
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ErrorCode::not_found);
  EXPECT_NE(writer.error().message.find("/nowhere/at/all.log"), std::string::npos);
}

}  // namespace
}  // namespace liquid::api
