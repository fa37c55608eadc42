#pragma once

#include "tracking/rest/endpoint.h"
#include "tracking/store.h"

namespace liquid::tracking::rest {

class RegisteredModels final : public RegisteredModelStore {
 public:
  explicit RegisteredModels(Endpoint& endpoint) : endpoint_(endpoint) {}

  Result<RegisteredModel> create(const NewRegisteredModel& model) override;
  Result<RegisteredModel> get(std::string_view name) override;
  Result<RegisteredModel> describe(std::string_view name, std::string_view text) override;
  Result<RegisteredModel> rename(std::string_view name, std::string_view new_name) override;
  Result<void> remove(std::string_view name) override;
  Result<Page<RegisteredModel>> search(const RegistryQuery& query) override;
  Result<void> set_tag(std::string_view name, const Tag& tag) override;
  Result<void> delete_tag(std::string_view name, std::string_view key) override;
  Result<void> set_alias(std::string_view name, const ModelAlias& alias) override;
  Result<void> delete_alias(std::string_view name, std::string_view alias) override;

 private:
  Endpoint& endpoint_;
};

/// The fields of a registry search, which is a GET.
Query registry_query(const RegistryQuery& query);

}  // namespace liquid::tracking::rest
