#include "ingest/sources.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "base/unicode.h"
#include "corpus/reader.h"
#include "search/filter.h"

namespace liquid::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGlobCharacters = "*?";

std::string_view last_component(std::string_view name) {
  return name.substr(name.rfind('/') + 1);  // npos + 1 = 0
}

bool matches(const std::string& pattern, std::string_view name) {
  const bool whole = pattern.find('/') != std::string::npos;
  return search::glob_matches(pattern, whole ? name : last_component(name));
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return matches(pattern, name); });
}

std::string joined(const std::string& folder, const std::string& entry) {
  if (folder == ".") return entry;
  return folder.back() == '/' ? folder + entry : folder + "/" + entry;
}

Failure system_failure(const std::string& name, int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == ENOENT || number == ENOTDIR || number == ELOOP) code = ErrorCode::not_found;
  if (number == EACCES) code = ErrorCode::permission_denied;
  return {name, code, std::strerror(number)};
}

// The folder a glob's matches are under: everything before the first component with a wildcard.
std::string fixed_part(const std::string& glob) {
  const std::size_t slash = glob.rfind('/', glob.find_first_of(kGlobCharacters));
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : glob.substr(0, slash);
}

class Finder {
 public:
  explicit Finder(const Selection& selection) : selection_(selection) {}

  Sources run() {
    for (const std::string& path : selection_.paths) add(path);
    std::sort(
        found_.files.begin(), found_.files.end(),
        [](const SourceFile& left, const SourceFile& right) { return left.name < right.name; });
    const auto same = [](const SourceFile& left, const SourceFile& right) {
      return left.name == right.name;
    };
    found_.files.erase(std::unique(found_.files.begin(), found_.files.end(), same),
                       found_.files.end());
    return std::move(found_);
  }

 private:
  void add(const std::string& path) {
    const std::string name = normalised_path(path);
    struct stat status {};
    if (path == "-") {
      scope(Scope::Kind::file, "-");
      found_.files.push_back({"-", 0});
    } else if (::stat(path.c_str(), &status) == 0) {
      S_ISDIR(status.st_mode) ? add_folder(name) : add_named(name, status);
    } else if (const int number = errno; path.find_first_of(kGlobCharacters) != path.npos) {
      add_glob(name);
    } else {
      scope(Scope::Kind::folder, name);
      found_.failures.push_back(system_failure(name, number));
    }
  }

  void scope(Scope::Kind kind, const std::string& path) { found_.scopes.emplace_back(kind, path); }

  void add_folder(const std::string& name) {
    scope(Scope::Kind::folder, name);
    walk(name, nullptr);
  }

  void add_named(const std::string& name, const struct stat& status) {
    scope(Scope::Kind::file, name);
    if (!wanted(name)) {
      ++found_.ignored;
    } else if (!S_ISREG(status.st_mode)) {
      found_.failures.push_back({name, ErrorCode::invalid_argument, "is not a regular file"});
    } else {
      // A file of unknown ending stays in the list: reading it says what is known.
      keep(name, status);
    }
  }

  void add_glob(const std::string& glob) {
    scope(Scope::Kind::glob, glob);
    const std::size_t before = found_.files.size() + found_.ignored;
    const std::string root = fixed_part(glob);
    std::error_code ignored;
    if (fs::exists(root, ignored)) walk(root, &glob);
    if (found_.files.size() + found_.ignored == before) {
      found_.failures.push_back({glob, ErrorCode::not_found, "no file matches"});
    }
  }

  bool wanted(const std::string& name) const {
    if (matches_any(selection_.exclude, name)) return false;
    return selection_.include.empty() || matches_any(selection_.include, name);
  }

  void walk(const std::string& root, const std::string* glob) {
    std::vector<std::string> folders{root};
    std::set<std::pair<dev_t, ino_t>> visited;
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      struct stat status {};
      if (::stat(folder.c_str(), &status) != 0) {
        fail_folder(folder, errno);
      } else if (visited.insert({status.st_dev, status.st_ino}).second) {
        list(folder, glob, folders);
      }
    }
  }

  void list(const std::string& folder, const std::string* glob, std::vector<std::string>& folders) {
    std::error_code failed;
    fs::directory_iterator entries(folder, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
      const std::string entry = entries->path().filename().string();
      if (entry.starts_with(".")) continue;
      std::string name = joined(folder, entry);
      struct stat status {};
      const bool known = ::stat(name.c_str(), &status) == 0;
      if (known && S_ISDIR(status.st_mode)) {
        if (!matches_any(selection_.exclude, name)) folders.push_back(std::move(name));
      } else if (glob == nullptr || search::glob_matches(*glob, name)) {
        add_listed(name, known ? &status : nullptr);
      }
    }
    if (failed) fail_folder(folder, failed.value());
  }

  // `status` is null for a link to nowhere.
  void add_listed(const std::string& name, const struct stat* status) {
    const bool of_interest = corpus::has_known_ending(name) && wanted(name);
    if (of_interest && status == nullptr) {
      found_.failures.push_back({name, ErrorCode::not_found, "is a link to nowhere"});
    } else if (of_interest && S_ISREG(status->st_mode)) {
      keep(name, *status);
    } else {
      ++found_.ignored;
    }
  }

  void keep(const std::string& name, const struct stat& status) {
    if (!is_valid_utf8(name)) {
      found_.failures.push_back({name, ErrorCode::invalid_argument, "file name is not UTF-8"});
      return;
    }
    found_.files.push_back({name, static_cast<std::uint64_t>(status.st_size)});
  }

  void fail_folder(const std::string& folder, int number) {
    found_.failures.push_back(system_failure(folder, number));
    if (number != ENOENT) found_.unreadable.emplace_back(Scope::Kind::folder, folder);
  }

  const Selection& selection_;
  Sources found_;
};

}  // namespace

bool Scope::covers(std::string_view name) const {
  switch (kind_) {
    case Kind::file: return name == path_;
    case Kind::glob: return search::glob_matches(path_, name);
    case Kind::folder: break;
  }
  if (path_ == ".") return !name.starts_with("/") && !name.starts_with("../") && name != "-";
  if (!name.starts_with(path_)) return false;
  return name.size() == path_.size() || path_.back() == '/' || name[path_.size()] == '/';
}

std::string normalised_path(const std::string& path) {
  std::string normal = fs::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

Sources find_sources(const Selection& selection) { return Finder(selection).run(); }

}  // namespace liquid::ingest
