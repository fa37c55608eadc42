#include "formats/mlmodel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace liquid::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string seed(const std::string& name) {
  const Result<std::string> text =
      read_file(std::string(LIQUID_SOURCE_DIR) + "/fuzz/seeds/mlmodel/" + name);
  EXPECT_TRUE(text) << name;
  return text ? *text : std::string();
}

MlModel parsed(const std::string& text) {
  Result<MlModel> model = parse_mlmodel(text);
  EXPECT_TRUE(model) << model.error().message;
  return model ? *std::move(model) : MlModel{};
}

TEST(MlModel, ReadsWhatTransformersSaveModelWrote) {
  const MlModel model = parsed(seed("transformers_peft.yaml"));
  ASSERT_TRUE(model.transformers);
  EXPECT_EQ(model.transformers->pipeline_model_type, "Lfm2ForCausalLM");
  EXPECT_EQ(model.transformers->task, "text-generation");
  EXPECT_EQ(model.transformers->peft_adaptor, "peft");
  EXPECT_EQ(model.transformers->model_binary, "model");
  EXPECT_THAT(model.transformers->components, ElementsAre("tokenizer"));
  EXPECT_EQ(model.transformers->code, "");
  ASSERT_TRUE(model.python_function);
  EXPECT_EQ(model.python_function->loader_module, "mlflow.transformers");
  EXPECT_EQ(model.python_function->conda_file, "conda.yaml");
  EXPECT_EQ(model.python_function->virtualenv_file, "python_env.yaml");
  EXPECT_EQ(model.python_function->python_version, "3.11.2");
  ASSERT_TRUE(model.signature);
  EXPECT_EQ(*model.signature, text_generation_signature());
  EXPECT_EQ(model.mlflow_version, "3.17.2");
  EXPECT_EQ(model.model_size_bytes, 1271898U);
  EXPECT_THAT(flavor_names(model), ElementsAre("python_function", "transformers"));
}

TEST(MlModel, WritesTheVeryTextThatPythonWrote) {
  for (const char* name : {"transformers_merged.yaml", "transformers_peft.yaml",
                           "transformers_logged.yaml", "transformers_metadata.yaml"}) {
    const std::string text = seed(name);
    const std::string again = write_mlmodel(parsed(text));
    EXPECT_EQ(parse_yaml(again).value(), parse_yaml(text).value()) << name;
    EXPECT_EQ(write_mlmodel(parsed(again)), again) << name;
  }
}

TEST(MlModel, UnknownKeysAndFlavorsAreKept) {
  const std::string text =
      "flavors:\n"
      "  python_function:\n"
      "    env: conda.yaml\n"
      "    loader_module: mlflow.sklearn\n"
      "    model_path: model.pkl\n"
      "  sklearn:\n"
      "    code: null\n"
      "    sklearn_version: 1.5.0\n"
      "model_id: null\n"
      "resources:\n"
      "  api_version: '1'\n";
  const MlModel model = parsed(text);
  EXPECT_FALSE(model.transformers);
  EXPECT_EQ(model.python_function->conda_file, "conda.yaml");
  EXPECT_THAT(flavor_names(model), ElementsAre("python_function", "sklearn"));
  const std::string again = write_mlmodel(model);
  EXPECT_THAT(again, HasSubstr("model_path: model.pkl"));
  EXPECT_THAT(again, HasSubstr("api_version: '1'"));
  EXPECT_THAT(again, HasSubstr("sklearn_version: '1.5.0'"));
}

TEST(MlModel, AnUnquotedVersionNumberIsReadAsText) {
  const MlModel model = parsed("flavors: {python_function: {python_version: 3.11}}\n");
  EXPECT_EQ(model.python_function->python_version, "3.11");
}

TEST(MlModel, WrongKindsNameTheirKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"[1]", "must be a map"},
      {"a: 1\n", "'flavors' must be"},
      {"flavors: {}\n", "'flavors' must be"},
      {"flavors: {transformers: 3}\n", "'transformers' must be a map"},
      {"flavors: {transformers: {task: [1]}}\n", "'task' must be a text"},
      {"flavors: {transformers: {components: tokenizer}}\n", "'components' must be"},
      {"flavors: {x: {}}\nmodel_size_bytes: -4\n", "'model_size_bytes' must be"},
      {"flavors: {x: {}}\nsignature: {inputs: {}}\n", "'inputs' must be a text"},
      {"flavors: {x: {}}\nmetadata: text\n", "'metadata' must be a map"}};
  for (const auto& [text, message] : cases) {
    const Result<MlModel> model = parse_mlmodel(text);
    ASSERT_FALSE(model) << text;
    EXPECT_EQ(model.error().code, ErrorCode::data_corrupt) << text;
    EXPECT_THAT(model.error().message, HasSubstr(message)) << text;
  }
}

TEST(MlModel, JsonHoldsTheSameKeys) {
  MlModel model;
  model.other_flavors = {{"x", YamlNode{YamlMap{{"n", YamlNode{std::int64_t{2}}}}}}};
  model.run_id = "abc";
  EXPECT_EQ(mlmodel_as_json(model), R"({"flavors":{"x":{"n":2}},"model_id":null,"run_id":"abc"})");
}

}  // namespace
}  // namespace liquid::formats
