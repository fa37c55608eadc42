#pragma once

#include "tracking/rest/endpoint.h"
#include "tracking/store.h"

namespace liquid::tracking::rest {

/// Every call is `unsupported` on servers before MLflow 3.0.
class LoggedModels final : public LoggedModelStore {
 public:
  explicit LoggedModels(Endpoint& endpoint) : endpoint_(endpoint) {}

  Result<LoggedModel> create(const NewLoggedModel& model) override;
  Result<LoggedModel> get(const ModelId& id) override;
  Result<LoggedModel> finalize(const ModelId& id, LoggedModelStatus status) override;
  Result<void> remove(const ModelId& id) override;
  Result<Page<LoggedModel>> search(const LoggedModelQuery& query) override;
  Result<void> log_params(const ModelId& id, const std::vector<Param>& params) override;
  Result<void> set_tags(const ModelId& id, const std::vector<Tag>& tags) override;
  Result<void> delete_tag(const ModelId& id, std::string_view key) override;

 private:
  Endpoint& endpoint_;
};

}  // namespace liquid::tracking::rest
