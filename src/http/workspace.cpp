#include "http/workspace.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxFree = 64;
constexpr std::size_t kKeptInputBytes = std::size_t{64} * 1024;
constexpr std::size_t kKeptHeadBytes = std::size_t{16} * 1024;

void clear_text(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptHeadBytes) text.shrink_to_fit();
}

}  // namespace

void Workspace::clear() {
  input.clear(kKeptInputBytes);
  parser.reset();
  response = Response();
  clear_text(head);
  clear_text(spare_header_text);
}

std::unique_ptr<Workspace> WorkspacePool::take() {
  if (free_.empty()) return std::make_unique<Workspace>(limits_);
  std::unique_ptr<Workspace> workspace = std::move(free_.back());
  free_.pop_back();
  return workspace;
}

void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) {
  if (free_.size() == kMaxFree) return;
  workspace->clear();
  free_.push_back(std::move(workspace));
}

}  // namespace liquid::http
