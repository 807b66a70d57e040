// The files that a path, a glob or a folder names: the units of the file sources.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::file {

struct FileEntry {
  std::string id;    // path relative to the pattern's fixed folder; of a single file its name
  std::string path;  // to open it
  uint64_t bytes = 0;
};

// Looks at the file system at each call, so that new files appear. Dot files are left out unless the pattern
// names them, symbolic links are followed, a folder reached twice below ** is visited once. Errors:
// E_FOLDER_MISSING and E_FILE_OPEN, with the path.
class FileSet {
 public:
  explicit FileSet(std::string path) : path_(std::move(path)) {}

  // In the order of their ids, until `out` answers false.
  void list(const std::function<bool(const FileEntry&)>& out) const;
  std::optional<FileEntry> find(std::string_view id) const;
  const std::string& path() const { return path_; }

 private:
  struct Pattern {
    std::string folder;                 // the fixed part, to be put before ids; may be empty
    std::vector<std::string> segments;  // empty: `path_` is one file
  };
  Pattern pattern() const;
  FileEntry single_file() const;

  const std::string path_;
};

}  // namespace sluice::file
