#pragma once

#include <ATen/core/Tensor.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lfm2/batch.h"
#include "lfm2/model/model.h"

/// The tiny model and what transformers and PEFT compute from it, for tests.
namespace liquid::lfm2::parity {

std::filesystem::path folder();

/// Tensors of expected.safetensors; a float one, one of integers.
at::Tensor expected(const std::string& name);
std::vector<std::int32_t> expected_ids(const std::string& name);
/// expected.json.
const boost::json::object& expected_numbers();
std::vector<std::int32_t> ids_of(const boost::json::value& list);

/// Greatest absolute difference; infinite when shapes differ.
double distance(const at::Tensor& a, const at::Tensor& b);

/// Documents whose tokens are all labels.
Batch documents(std::vector<std::int32_t> ids, std::vector<std::int32_t> lengths);
/// The three rows of the fixture's batch without their padding.
Batch fixture_batch();
/// The fixture's packed sequence of four documents.
Batch packed_batch();

/// A folder that goes away with the test.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The model, or a failed expectation and nothing.
std::unique_ptr<Model> open(const std::filesystem::path& folder, const ModelOptions& options);

}  // namespace liquid::lfm2::parity
