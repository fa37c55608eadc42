#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tracking/client/store_case_test.h"

namespace liquid::tracking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class RegisteredModels : public StoreCase {
 protected:
  std::string model() { return value_of(models().create({.name = fresh("model")})).name; }

  /// A version whose files are somewhere no store looks at.
  ModelVersion version(const std::string& name) {
    return value_of(versions().create({.name = name, .source = "s3://bucket/" + name}));
  }

  std::vector<std::string> found_versions(const std::string& filter,
                                          const std::vector<std::string>& order = {}) {
    std::vector<std::string> found;
    for (const ModelVersion& each :
         value_of(versions().search({.filter = filter, .order_by = order})).items) {
      found.push_back(each.version);
    }
    return found;
  }
};
using ModelVersions = RegisteredModels;

TEST_F(RegisteredModels, ComeBackAsTheyWereMade) {
  const std::string name = fresh("mødel");
  const RegisteredModel made = value_of(
      models().create({.name = name, .description = "what for", .tags = {{"b", "2"}, {"a", "1"}}}));
  const RegisteredModel got = value_of(models().get(name));
  for (const RegisteredModel& each : {made, got}) {
    EXPECT_EQ(each.name, name);
    EXPECT_EQ(each.description, "what for");
    EXPECT_THAT(each.tags, UnorderedElementsAre(Tag{"a", "1"}, Tag{"b", "2"}));
    EXPECT_THAT(each.latest_versions, IsEmpty());
    EXPECT_GT(each.creation_time_ms, 0);
    EXPECT_EQ(each.last_update_time_ms, made.creation_time_ms);
  }
}

TEST_F(RegisteredModels, HaveEachNameOnce) {
  const std::string name = model();
  const Error error = refusal_of(models().create({.name = name}));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_THAT(error.message, HasSubstr("Registered Model (name=" + name + ") already exists."));
}

TEST_F(RegisteredModels, RefuseNamesThatCannotBePaths) {
  for (const char* name : {"a/b", "a:b", "..", " "}) {
    EXPECT_EQ(refusal_of(models().create({.name = name})).code, ErrorCode::invalid_argument)
        << name;
  }
}

TEST_F(RegisteredModels, AreNotFoundInMlflowsWords) {
  const std::string name = fresh("absent");
  const std::string expected = "Registered Model with name=" + name + " not found";
  for (const Error& error :
       {refusal_of(models().get(name)), refusal_of(models().describe(name, "x")),
        refusal_of(models().rename(name, fresh("new"))), refusal_of(models().remove(name)),
        refusal_of(models().set_tag(name, {"k", "v"})), refusal_of(models().delete_tag(name, "k")),
        refusal_of(models().delete_alias(name, "a")), refusal_of(versions().latest(name, {})),
        refusal_of(versions().find_by_alias(name, "a")),
        refusal_of(versions().create({.name = name, .source = "s3://b/x"}))}) {
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_THAT(error.message, HasSubstr(expected));
  }
}

TEST_F(RegisteredModels, AreDescribed) {
  const std::string name = model();
  EXPECT_EQ(value_of(models().describe(name, "new words")).description, "new words");
  EXPECT_EQ(value_of(models().get(name)).description, "new words");
}

TEST_F(RegisteredModels, TakeTheirVersionsTagsAndAliasesToANewName) {
  const std::string name = model();
  const std::string after = fresh("after");
  version(name);
  done(versions().set_tag({name, "1"}, {"k", "v"}));
  done(models().set_tag(name, {"kind", "llm"}));
  done(models().set_alias(name, {"champion", "1"}));
  EXPECT_EQ(value_of(models().rename(name, after)).name, after);
  EXPECT_EQ(refusal_of(models().get(name)).code, ErrorCode::not_found);
  EXPECT_THAT(value_of(models().get(after)).tags, ElementsAre(Tag{"kind", "llm"}));
  const ModelVersion moved = value_of(versions().find_by_alias(after, "champion"));
  EXPECT_EQ(moved.name, after);
  EXPECT_THAT(moved.tags, ElementsAre(Tag{"k", "v"}));
}

TEST_F(RegisteredModels, AreNotRenamedToATakenOrEmptyName) {
  const std::string name = model();
  EXPECT_EQ(refusal_of(models().rename(name, model())).code, ErrorCode::conflict);
  EXPECT_EQ(refusal_of(models().rename(name, "")).code, ErrorCode::invalid_argument);
  EXPECT_EQ(value_of(models().get(name)).name, name);
}

TEST_F(RegisteredModels, AreDeletedForGoodWithTheirVersions) {
  const std::string name = model();
  version(name);
  done(models().remove(name));
  EXPECT_EQ(refusal_of(versions().get({name, "1"})).code, ErrorCode::not_found);
  value_of(models().create({.name = name}));
  EXPECT_EQ(version(name).version, "1");
}

TEST_F(RegisteredModels, KeepTheLastValueOfATag) {
  const std::string name = model();
  done(models().set_tag(name, {"k", "1"}));
  done(models().set_tag(name, {"k", "2"}));
  EXPECT_THAT(value_of(models().get(name)).tags, ElementsAre(Tag{"k", "2"}));
  done(models().delete_tag(name, "k"));
  done(models().delete_tag(name, "k"));  // absent is fine
  EXPECT_THAT(value_of(models().get(name)).tags, IsEmpty());
}

TEST_F(RegisteredModels, RefuseTagsThatAreTooLongOrOddlyNamed) {
  const std::string name = model();
  EXPECT_EQ(refusal_of(models().set_tag(name, {std::string(251, 'k'), "v"})).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal_of(models().set_tag(name, {"k", std::string(100'001, 'v')})).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal_of(models().set_tag(name, {"a$", "v"})).code, ErrorCode::invalid_argument);
  done(models().set_tag(name, {std::string(250, 'k'), std::string(100'000, 'v')}));
}

TEST_F(RegisteredModels, PointAliasesAtVersions) {
  const std::string name = model();
  version(name);
  version(name);
  done(models().set_alias(name, {"champion", "1"}));
  done(models().set_alias(name, {"champion", "2"}));
  EXPECT_EQ(value_of(versions().find_by_alias(name, "champion")).version, "2");
  EXPECT_THAT(value_of(versions().get({name, "2"})).aliases, ElementsAre("champion"));
  EXPECT_THAT(value_of(models().get(name)).aliases, ElementsAre(ModelAlias{"champion", "2"}));
  done(models().delete_alias(name, "champion"));
  const Error gone = refusal_of(versions().find_by_alias(name, "champion"));
  EXPECT_EQ(gone.code, ErrorCode::invalid_argument);
  EXPECT_THAT(gone.message, HasSubstr("Registered model alias champion not found."));
}

TEST_F(RegisteredModels, RefuseAliasesThatMeanSomethingElse) {
  const std::string name = model();
  version(name);
  for (const std::string& alias : {std::string("latest"), std::string("Latest"), std::string("v3"),
                                   std::string("a.b"), std::string(256, 'a')}) {
    EXPECT_EQ(refusal_of(models().set_alias(name, {alias, "1"})).code, ErrorCode::invalid_argument)
        << alias;
  }
  EXPECT_EQ(refusal_of(models().set_alias(name, {"ok", "7"})).code, ErrorCode::not_found);
}

TEST_F(RegisteredModels, AreSearchedByNameAndTag) {
  const std::string prefix = fresh("search");
  value_of(models().create({.name = prefix + "-b", .tags = {{"kind", "llm"}}}));
  value_of(models().create({.name = prefix + "-a"}));
  const auto names = [&](const RegistryQuery& query) {
    std::vector<std::string> found;
    for (const RegisteredModel& each : value_of(models().search(query)).items) {
      found.push_back(each.name);
    }
    return found;
  };
  EXPECT_THAT(names({.filter = "name LIKE '" + prefix + "%'"}),
              ElementsAre(prefix + "-a", prefix + "-b"));
  EXPECT_THAT(names({.filter = "name LIKE '" + prefix + "%'", .order_by = {"name DESC"}}),
              ElementsAre(prefix + "-b", prefix + "-a"));
  EXPECT_THAT(names({.filter = "name LIKE '" + prefix + "%' AND tags.kind = 'llm'"}),
              ElementsAre(prefix + "-b"));
}

TEST_F(RegisteredModels, ComeInPages) {
  const std::string prefix = fresh("page");
  for (const char* end : {"-1", "-2", "-3"}) value_of(models().create({.name = prefix + end}));
  RegistryQuery query{.filter = "name LIKE '" + prefix + "%'", .max_results = 2};
  const Page<RegisteredModel> first = value_of(models().search(query));
  ASSERT_EQ(first.items.size(), 2U);
  query.page_token = first.next_page_token;
  const Page<RegisteredModel> last = value_of(models().search(query));
  ASSERT_EQ(last.items.size(), 1U);
  EXPECT_EQ(last.items[0].name, prefix + "-3");
  EXPECT_EQ(last.next_page_token, "");
}

TEST_F(RegisteredModels, HidePromptsUntilAsked) {
  const std::string name = fresh("prompt");
  const Tag prompt{"mlflow.prompt.is_prompt", "true"};
  value_of(models().create({.name = name, .tags = {prompt}}));
  const std::string filter = "name = '" + name + "'";
  EXPECT_THAT(value_of(models().search({.filter = filter})).items, IsEmpty());
  EXPECT_EQ(
      value_of(models().search({.filter = filter + " AND tags.`mlflow.prompt.is_prompt` = 'true'"}))
          .items.size(),
      1U);
}

TEST_F(ModelVersions, CountUpAndComeBack) {
  const std::string name = model();
  version(name);
  const ModelVersion second = value_of(versions().create({.name = name,
                                                          .source = "s3://bucket/two",
                                                          .description = "better",
                                                          .run_link = "https://example.org/r",
                                                          .tags = {{"k", "v"}}}));
  const ModelVersion got = value_of(versions().get({name, "2"}));
  for (const ModelVersion& each : {second, got}) {
    EXPECT_EQ(each.name, name);
    EXPECT_EQ(each.version, "2");
    EXPECT_EQ(each.source, "s3://bucket/two");
    EXPECT_EQ(each.description, "better");
    EXPECT_EQ(each.run_link, "https://example.org/r");
    EXPECT_EQ(each.stage, Stage::none);
    EXPECT_EQ(each.status, ModelVersionStatus::ready);
    EXPECT_THAT(each.tags, ElementsAre(Tag{"k", "v"}));
    EXPECT_EQ(each.last_update_time_ms, each.creation_time_ms);
  }
  EXPECT_EQ(value_of(versions().download_uri({name, "2"})), "s3://bucket/two");
  EXPECT_GE(value_of(models().get(name)).last_update_time_ms, second.creation_time_ms);
}

TEST_F(ModelVersions, DoNotGiveANumberTwice) {
  const std::string name = model();
  version(name);
  version(name);
  done(versions().remove({name, "2"}));
  EXPECT_EQ(version(name).version, "3");
}

TEST_F(ModelVersions, NeedASource) {
  EXPECT_EQ(refusal_of(versions().create({.name = model()})).code, ErrorCode::invalid_argument);
}

TEST_F(ModelVersions, DoNotTakeSourcesThatClimbOrLieElsewhere) {
  const std::string name = model();
  for (const char* source : {"s3://bucket/a/../b", "/etc", "file:///etc", "runs:/none/model",
                             "mlflow-artifacts:/0/other"}) {
    const Error error = refusal_of(versions().create({.name = name, .source = source}));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << source;
    EXPECT_THAT(error.message, HasSubstr("Invalid model version source: '" + std::string(source)));
  }
}

TEST_F(ModelVersions, OfARunLieInItsArtifacts) {
  const std::string name = model();
  const RunInfo info = new_run().info;
  const ModelVersion made = value_of(
      versions().create({.name = name, .source = info.artifact_uri + "/model", .run_id = info.id}));
  EXPECT_EQ(made.run_id, info.id);
  const std::string source = "runs:/" + info.id.str() + "/model";
  EXPECT_EQ(value_of(versions().create({.name = name, .source = source, .run_id = info.id})).source,
            source);
}

TEST_F(ModelVersions, OfALoggedModelKnowItsFilesAndRun) {
  const std::string name = model();
  const RunInfo info = new_run().info;
  const LoggedModel logged = value_of(logged_models().create(
      {.experiment_id = info.experiment_id, .name = "m", .source_run_id = info.id}));
  const ModelVersion made = value_of(versions().create(
      {.name = name, .source = "models:/" + logged.id.str(), .model_id = logged.id}));
  EXPECT_EQ(made.run_id, info.id);
  EXPECT_EQ(value_of(versions().download_uri({name, "1"})), logged.artifact_uri);
  EXPECT_THAT(
      value_of(logged_models().get(logged.id)).tags,
      ElementsAre(Tag{"mlflow.modelVersions", "[{\"name\": \"" + name + "\", \"version\": 1}]"}));
}

TEST_F(ModelVersions, NeedNotNameTheLoggedModelThatTheirSourceNames) {
  const std::string name = model();
  const ModelId id = value_of(logged_models().create({.experiment_id = experiment()})).id;
  value_of(versions().create({.name = name, .source = "models:/" + id.str()}));
  EXPECT_EQ(value_of(logged_models().get(id)).tags.at(0).key, "mlflow.modelVersions");
}

TEST_F(ModelVersions, OfAnotherVersionHaveItsFiles) {
  const std::string original = model();
  const std::string copy = model();
  const std::string source = version(original).source;
  const ModelVersion made =
      value_of(versions().create({.name = copy, .source = "models:/" + original + "/1"}));
  EXPECT_EQ(made.source, "models:/" + original + "/1");
  EXPECT_EQ(value_of(versions().download_uri({copy, "1"})), source);
}

TEST_F(ModelVersions, AreNotFoundInMlflowsWords) {
  const std::string name = model();
  const VersionName absent{name, "7"};
  const std::string expected = "Model Version (name=" + name + ", version=7) not found";
  for (const Error& error :
       {refusal_of(versions().get(absent)), refusal_of(versions().describe(absent, "x")),
        refusal_of(versions().transition(absent, Stage::staging, ArchiveExisting::no)),
        refusal_of(versions().remove(absent)), refusal_of(versions().download_uri(absent)),
        refusal_of(versions().set_tag(absent, {"k", "v"})),
        refusal_of(versions().delete_tag(absent, "k"))}) {
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_THAT(error.message, HasSubstr(expected));
  }
  EXPECT_THAT(refusal_of(versions().get({name, "one"})).message,
              HasSubstr("Parameter 'version' must be an integer, got 'one'."));
}

TEST_F(ModelVersions, ChangeStagesAndArchiveOthersOnDemand) {
  const std::string name = model();
  for (int i = 0; i < 3; ++i) version(name);
  const auto move = [&](const char* number, Stage stage, ArchiveExisting archive) {
    return value_of(versions().transition({name, number}, stage, archive));
  };
  move("1", Stage::production, ArchiveExisting::no);
  move("2", Stage::production, ArchiveExisting::no);
  EXPECT_EQ(move("3", Stage::production, ArchiveExisting::yes).stage, Stage::production);
  EXPECT_EQ(value_of(versions().get({name, "1"})).stage, Stage::archived);
  EXPECT_EQ(value_of(versions().get({name, "2"})).stage, Stage::archived);
  EXPECT_EQ(move("3", Stage::none, ArchiveExisting::no).stage, Stage::none);
}

TEST_F(ModelVersions, HaveALatestOneOfEachStage) {
  const std::string name = model();
  for (int i = 0; i < 4; ++i) version(name);
  value_of(versions().transition({name, "1"}, Stage::staging, ArchiveExisting::no));
  value_of(versions().transition({name, "2"}, Stage::staging, ArchiveExisting::no));
  const auto numbers = [&](const std::vector<Stage>& stages) {
    std::vector<std::string> found;
    for (const ModelVersion& each : value_of(versions().latest(name, stages))) {
      found.push_back(each.version);
    }
    return found;
  };
  EXPECT_THAT(numbers({}), UnorderedElementsAre("2", "4"));
  EXPECT_THAT(numbers({Stage::staging}), ElementsAre("2"));
  EXPECT_THAT(numbers({Stage::production}), IsEmpty());
  EXPECT_EQ(value_of(models().get(name)).latest_versions.size(), 2U);
  EXPECT_EQ(value_of(versions().find_by_alias(name, "latest")).version, "4");
}

TEST_F(ModelVersions, LoseTheirAliasesWhenDeleted) {
  const std::string name = model();
  version(name);
  done(models().set_alias(name, {"champion", "1"}));
  done(versions().remove({name, "1"}));
  EXPECT_EQ(refusal_of(versions().get({name, "1"})).code, ErrorCode::not_found);
  EXPECT_EQ(refusal_of(versions().remove({name, "1"})).code, ErrorCode::not_found);
  EXPECT_THAT(value_of(models().get(name)).aliases, IsEmpty());
  EXPECT_THAT(found_versions("name = '" + name + "'"), IsEmpty());
}

TEST_F(ModelVersions, AreDescribedAndTagged) {
  const std::string name = model();
  version(name);
  EXPECT_EQ(value_of(versions().describe({name, "1"}, "words")).description, "words");
  done(versions().set_tag({name, "1"}, {"k", "1"}));
  done(versions().set_tag({name, "1"}, {"k", "2"}));
  EXPECT_THAT(value_of(versions().get({name, "1"})).tags, ElementsAre(Tag{"k", "2"}));
  done(versions().delete_tag({name, "1"}, "k"));
  done(versions().delete_tag({name, "1"}, "k"));
  EXPECT_THAT(value_of(versions().get({name, "1"})).tags, IsEmpty());
  EXPECT_EQ(refusal_of(versions().set_tag({name, "1"}, {"a$", "v"})).code,
            ErrorCode::invalid_argument);
}

TEST_F(ModelVersions, AreSearched) {
  const std::string name = model();
  for (int i = 0; i < 3; ++i) version(name);
  done(versions().set_tag({name, "2"}, {"k", "v"}));
  const std::string mine = "name = '" + name + "'";
  EXPECT_THAT(found_versions(mine, {"version_number ASC"}), ElementsAre("1", "2", "3"));
  EXPECT_THAT(found_versions(mine + " AND tags.k = 'v'"), ElementsAre("2"));
  EXPECT_THAT(found_versions(mine + " AND version_number > 1", {"version_number DESC"}),
              ElementsAre("3", "2"));
  EXPECT_EQ(refusal_of(versions().search({.filter = "nonsense = 'x'"})).code,
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid::tracking
