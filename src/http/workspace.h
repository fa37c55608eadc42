#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/input_buffer.h"
#include "http/layer.h"
#include "http/parser.h"

namespace liquid::http {

/// All the memory that one request needs between its first byte and the last byte of its answer. An
/// idle connection has none, so ten thousand of them are cheap, and the few in use stay in the
/// CPU's cache.
struct Workspace {
  explicit Workspace(ParserLimits limits) : parser(limits) {}

  InputBuffer input;
  RequestParser parser;
  Exchange exchange;
  Response response;
  std::string head;               ///< Of the answer, as sent.
  std::string spare_header_text;  ///< Storage for the next answer's own headers.

  /// Ready for another connection.
  void clear();
};

/// Workspaces that are free, newest first. Belongs to one I/O thread.
class WorkspacePool {
 public:
  explicit WorkspacePool(ParserLimits limits) : limits_(limits) {}

  std::unique_ptr<Workspace> take();
  void give_back(std::unique_ptr<Workspace> workspace);

 private:
  const ParserLimits limits_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

}  // namespace liquid::http
