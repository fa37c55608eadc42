#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"

namespace liquid::train {

/// The root of the checkout.
std::filesystem::path source_folder();
const tokenizer::Tokenizer& tiny_tokenizer();
const tokenizer::ChatTemplate& tiny_chat();

/// A folder of its own for each test, gone afterwards.
class InFolder : public ::testing::Test {
 protected:
  InFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "train_data.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~InFolder() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::filesystem::path write_gzip(const std::string& name, std::string_view content) const {
    std::filesystem::path path = folder_ / name;
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path;
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace liquid::train
