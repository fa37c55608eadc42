#pragma once

#include "tracking/rest/endpoint.h"
#include "tracking/store.h"

namespace liquid::tracking::rest {

class Experiments final : public ExperimentStore {
 public:
  explicit Experiments(Endpoint& endpoint) : endpoint_(endpoint) {}

  Result<ExperimentId> create(const NewExperiment& experiment) override;
  Result<Experiment> get(const ExperimentId& id) override;
  Result<std::optional<Experiment>> find(std::string_view name) override;
  Result<Page<Experiment>> search(const ExperimentQuery& query) override;
  Result<void> rename(const ExperimentId& id, std::string_view name) override;
  Result<void> remove(const ExperimentId& id) override;
  Result<void> restore(const ExperimentId& id) override;
  Result<void> set_tag(const ExperimentId& id, const Tag& tag) override;
  Result<void> delete_tag(const ExperimentId& id, std::string_view key) override;

 private:
  Endpoint& endpoint_;
};

}  // namespace liquid::tracking::rest
