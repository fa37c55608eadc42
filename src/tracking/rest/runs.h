#pragma once

#include "tracking/rest/endpoint.h"
#include "tracking/store.h"

namespace liquid::tracking::rest {

class Runs final : public RunStore {
 public:
  explicit Runs(Endpoint& endpoint) : endpoint_(endpoint) {}

  Result<Run> create(const NewRun& run) override;
  Result<Run> get(const RunId& id) override;
  Result<RunInfo> update(const RunId& id, const RunUpdate& update) override;
  Result<void> remove(const RunId& id) override;
  Result<void> restore(const RunId& id) override;
  Result<Page<Run>> search(const RunQuery& query) override;
  Result<void> log_batch(const RunId& id, const Batch& batch) override;
  Result<void> delete_tag(const RunId& id, std::string_view key) override;
  Result<void> log_inputs(const RunId& id, const std::vector<DatasetInput>& datasets,
                          const std::vector<ModelId>& models) override;
  Result<void> log_outputs(const RunId& id, const std::vector<ModelOutput>& models) override;
  Result<void> record_model(const RunId& id, std::string_view model_json) override;
  Result<Page<Metric>> metric_history(const HistoryQuery& query) override;
  Result<std::vector<Metric>> sampled_history(const SampledHistoryQuery& query) override;

 private:
  Result<Page<Metric>> history_page(const HistoryQuery& query, std::string_view token,
                                    std::int64_t max_results);

  Endpoint& endpoint_;
};

}  // namespace liquid::tracking::rest
