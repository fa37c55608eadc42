#pragma once

#include "tracking/rest/endpoint.h"
#include "tracking/store.h"

namespace liquid::tracking::rest {

class ModelVersions final : public ModelVersionStore {
 public:
  explicit ModelVersions(Endpoint& endpoint) : endpoint_(endpoint) {}

  Result<ModelVersion> create(const NewModelVersion& version) override;
  Result<ModelVersion> get(const VersionName& version) override;
  Result<ModelVersion> find_by_alias(std::string_view name, std::string_view alias) override;
  Result<std::vector<ModelVersion>> latest(std::string_view name,
                                           const std::vector<Stage>& stages) override;
  Result<ModelVersion> describe(const VersionName& version, std::string_view text) override;
  Result<ModelVersion> transition(const VersionName& version, Stage stage,
                                  ArchiveExisting archive) override;
  Result<void> remove(const VersionName& version) override;
  Result<Page<ModelVersion>> search(const RegistryQuery& query) override;
  Result<std::string> download_uri(const VersionName& version) override;
  Result<void> set_tag(const VersionName& version, const Tag& tag) override;
  Result<void> delete_tag(const VersionName& version, std::string_view key) override;

 private:
  Endpoint& endpoint_;
};

}  // namespace liquid::tracking::rest
