#include "lfm2/model/forward_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "formats/peft_adapter.h"
#include "formats/safetensors_reader.h"
#include "lfm2/model/batch_file.h"
#include "lfm2/model/checkpoint.h"
#include "lfm2/model/parity_fixture.h"

namespace liquid::lfm2 {
namespace {

using testing::HasSubstr;

std::string list_text(const std::vector<std::int32_t>& values) {
  std::string text = "[";
  for (const std::int32_t value : values) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(value);
  }
  return text + "]";
}

std::string json_of(const Batch& batch) {
  return R"({"input_ids": )" + list_text(batch.input_ids) + R"(, "labels": )" +
         list_text(batch.labels) + R"(, "seq_lens": )" + list_text(batch.seq_lens) + "}";
}

class ForwardFileTest : public testing::Test {
 protected:
  ForwardFile request(const std::string& json) const {
    std::ofstream(folder_.path() / "batch.json") << json;
    ForwardFile request;
    request.model = parity::folder();
    request.adapter = parity::folder() / "adapter";
    request.input = folder_.path() / "batch.json";
    request.output = folder_.path() / "out.safetensors";
    return request;
  }
  at::Tensor written(const std::string& name) const {
    const auto file = formats::SafetensorsFile::open(folder_.path() / "out.safetensors");
    const auto tensor = file->tensor(name);
    EXPECT_TRUE(tensor) << name;
    return host_tensor(*tensor)->clone();
  }

  parity::ScratchFolder folder_;
};

TEST_F(ForwardFileTest, WritesLogitsLossAndTheGradientsOfTheAdapter) {
  ForwardFile wanted = request(json_of(parity::packed_batch()));
  wanted.gradients = ForwardFile::Gradients::written;
  wanted.hidden = ForwardFile::Hidden::written;
  const auto report = forward_file(wanted);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->trained_tokens, 22);
  EXPECT_EQ(report->positions, 26);
  EXPECT_EQ(report->tensors, 1U + 1U + 58U + 6U);
  EXPECT_LE(
      parity::distance(written("logits").unsqueeze(0), parity::expected("packed.lora.logits")),
      5e-5);
  const double loss =
      parity::expected_numbers().at("packed").as_object().at("lora.loss").as_double();
  EXPECT_NEAR(written("loss").item<double>(), loss, 1e-5);
  EXPECT_EQ(written("loss").dim(), 0);
  const std::string name =
      formats::lora_tensor_name("model.layers.2.self_attn.k_proj", formats::LoraSide::a);
  EXPECT_LE(parity::distance(written(name), parity::expected("packed.lora.grad." + name)), 1e-4);
  EXPECT_EQ(written("hidden.05").sizes().vec(), (std::vector<std::int64_t>{26, 64}));
}

TEST_F(ForwardFileTest, WithoutAdapterTheGradientsAreThoseOfAllWeights) {
  ForwardFile wanted = request(json_of(parity::fixture_batch()));
  wanted.adapter.clear();
  wanted.gradients = ForwardFile::Gradients::written;
  const auto report = forward_file(wanted);
  ASSERT_TRUE(report) << report.error().message;
  const std::string name = "model.layers.0.conv.conv.weight";
  EXPECT_LE(parity::distance(written(name), parity::expected("full.grad." + name)), 1e-4);
}

TEST_F(ForwardFileTest, RowsAreDocumentsAndLabelsMayBeLeftOut) {
  const auto report = forward_file(request(R"({"input_ids": [[1, 2, 3], [4, 5]]})"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->loss, std::nullopt);
  const at::Tensor rows = written("logits");
  ASSERT_TRUE(forward_file(request(R"({"input_ids": [4, 5]})")));
  EXPECT_LE(parity::distance(written("logits"), rows.narrow(0, 3, 2)), 5e-5);
}

TEST_F(ForwardFileTest, ALossOverNothingIsNotANumber) {
  const auto report = forward_file(request(R"({"input_ids": [1, 2], "labels": [1, -100]})"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->trained_tokens, 0);
  EXPECT_TRUE(std::isnan(written("loss").item<double>()));
}

TEST_F(ForwardFileTest, GradientsNeedLabels) {
  ForwardFile wanted = request(R"({"input_ids": [1, 2]})");
  wanted.gradients = ForwardFile::Gradients::written;
  const auto report = forward_file(wanted);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::invalid_argument);
}

TEST(BatchFile, ErrorsNameFieldAndPlace) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "no JSON"},
      {"[]", "no JSON object"},
      {"{}", "input_ids is missing"},
      {R"({"input_ids": 3})", "input_ids is no list"},
      {R"({"input_ids": [1, "a"]})", "input_ids[1] is \"a\""},
      {R"({"input_ids": [1.5]})", "input_ids[0] is 1.5E0"},
      {R"({"input_ids": [[1], 2]})", "input_ids[1] is no list"},
      {R"({"input_ids": [[1], [5000000000]]})", "input_ids[1][0] is 5000000000"},
      {R"({"input_ids": [1], "attention_mask": [1]})", "unknown field attention_mask"}};
  for (const auto& [json, message] : cases) {
    const auto batch = parse_batch(json);
    ASSERT_FALSE(batch) << json;
    EXPECT_EQ(batch.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(batch.error().message, HasSubstr(message));
  }
}

}  // namespace
}  // namespace liquid::lfm2
