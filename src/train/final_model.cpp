#include "train/final_model.h"

#include "train/durable_folder.h"
#include "train/tensor_files.h"

namespace liquid::train {

Result<std::filesystem::path> write_final_model(const RunPlan& plan,
                                                std::span<const lfm2::Parameter> parameters) {
  const std::filesystem::path place = plan.output_dir / "final_model";
  auto folder = DurableFolder::create(place);
  if (!folder) return std::move(folder).error();
  auto done = write_trained(folder->path(), plan, parameters, SavedAs::released);
  if (done) done = copy_tokenizer(plan.model_folder, folder->path());
  if (done) done = folder->commit();
  if (!done) return std::move(done).error();
  return place;
}

}  // namespace liquid::train
