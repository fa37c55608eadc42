#include "train/data/input_files.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

// Endings without a final ".gz", in small letters.
std::string ending_of(const fs::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return fs::path(name).extension().string();
}

std::optional<FileKind> kind_of(const fs::path& path) {
  const std::string ending = ending_of(path);
  if (ending == ".jsonl" || ending == ".json" || ending == ".ndjson") return FileKind::rows;
  if (ending == ".txt" || ending == ".md") return FileKind::text;
  return std::nullopt;
}

constexpr std::string_view kKnownKinds = ".jsonl, .ndjson, .json, .txt, .md, each also as .gz";

std::string in_shell_quotes(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// One shell command for formats that are not read; empty when there is none. The file's name is an
// argument of its own, so that no character of it is read as Python.
std::string conversion_of(const fs::path& path) {
  const std::string ending = ending_of(path);
  const std::string name = in_shell_quotes(path.string());
  const std::string from = "python3 -c \"import sys, pandas; pandas.read_";
  const std::string to_rows =
      "(sys.argv[1]).to_json('rows.jsonl', orient='records', lines=True)\" ";
  if (ending == ".parquet") return from + "parquet" + to_rows + name;
  if (ending == ".csv") return from + "csv" + to_rows + name;
  if (ending == ".arrow" || ending == ".feather") {
    return "python3 -c \"import sys, datasets; "
           "datasets.Dataset.from_file(sys.argv[1]).to_json('rows.jsonl')\" " +
           name;
  }
  if (ending == ".zst") return "zstd -d -- " + name;
  if (ending == ".xz") return "xz -dk -- " + name;
  return {};
}

Error refused(const fs::path& path) {
  const std::string conversion = conversion_of(path);
  std::string message =
      path.string() + ": this kind of file is not read (known: " + std::string(kKnownKinds) + ")";
  if (!conversion.empty()) message += ". To convert it:\n  " + conversion;
  return Error{ErrorCode::unsupported, std::move(message)};
}

Error file_error(const fs::path& path, const std::error_code& why) {
  const bool denied = why == std::errc::permission_denied;
  return Error{denied ? ErrorCode::permission_denied : ErrorCode::unavailable,
               path.string() + ": " + why.message()};
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

// A folder that links lead to twice (or round and round) is read once.
bool is_first_visit(const fs::path& folder, std::set<fs::path>& visited) {
  std::error_code failed;
  const fs::path real = fs::canonical(folder, failed);
  return !failed && visited.insert(real).second;
}

Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::set<fs::path> visited;
  is_first_visit(folder, visited);
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink,
                                         failed);
  if (failed) return file_error(folder, failed);
  while (entry != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    const fs::path path = entry->path();
    if (entry->is_directory(ignored)) {
      if (is_hidden(path) || !is_first_visit(path, visited)) entry.disable_recursion_pending();
    } else if (!is_hidden(path) && entry->is_regular_file(ignored)) {
      files.push_back(path);
    }
    entry.increment(failed);
    if (failed) return file_error(path, failed);
  }
  return files;
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[") != text.npos; }

std::vector<fs::path> matches_of(const std::string& pattern) {
  std::vector<fs::path> found;
  glob_t matches{};
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
      std::error_code ignored;
      if (fs::is_regular_file(matches.gl_pathv[i], ignored))
        found.emplace_back(matches.gl_pathv[i]);
    }
  }
  globfree(&matches);
  return found;
}

// Documents count only where there are no rows: a README beside them is not to be learnt.
Result<InputFiles> sorted_by_kind(std::vector<fs::path> paths, const std::string& asked) {
  std::sort(paths.begin(), paths.end());
  const bool any_rows = std::any_of(paths.begin(), paths.end(), [](const fs::path& path) {
    return kind_of(path) == FileKind::rows;
  });
  InputFiles files;
  for (fs::path& path : paths) {
    const std::optional<FileKind> kind = kind_of(path);
    if (kind && (!any_rows || kind == FileKind::rows)) {
      files.used.push_back({std::move(path), *kind});
    } else {
      files.left_out.push_back(std::move(path));
    }
  }
  if (!files.used.empty()) return files;
  for (const fs::path& path : files.left_out) {
    if (!conversion_of(path).empty()) return refused(path);
  }
  return Error{ErrorCode::not_found,
               asked + ": no file with an ending that is read (" + std::string(kKnownKinds) + ")"};
}

}  // namespace

Result<InputFiles> list_input_files(const std::string& path_or_glob) {
  if (path_or_glob.empty()) {
    return Error{ErrorCode::invalid_argument, "no data named: expected a file, a folder or a glob"};
  }
  const fs::path path(path_or_glob);
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::directory) {
    Result<std::vector<fs::path>> below = files_below(path);
    if (!below) return std::move(below).error();
    return sorted_by_kind(std::move(*below), path_or_glob);
  }
  if (status.type() == fs::file_type::regular) {
    const std::optional<FileKind> kind = kind_of(path);
    if (!kind) return refused(path);
    return InputFiles{{{path, *kind}}, {}};
  }
  if (is_glob(path_or_glob)) {
    std::vector<fs::path> matches = matches_of(path_or_glob);
    if (!matches.empty()) return sorted_by_kind(std::move(matches), path_or_glob);
    return Error{ErrorCode::not_found, path_or_glob + ": no file matches"};
  }
  if (status.type() == fs::file_type::not_found) {
    return Error{ErrorCode::not_found, path_or_glob + ": no such file or folder"};
  }
  if (failed) return file_error(path, failed);
  return Error{ErrorCode::unsupported, path_or_glob + ": neither a file nor a folder"};
}

}  // namespace liquid::train
