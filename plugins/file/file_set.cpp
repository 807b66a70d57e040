#include "file_set.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "file_error.hpp"
#include "path_pattern.hpp"

namespace sluice::file {

namespace {

constexpr int deepest = 100;

std::string join(const std::string& folder, const std::string& name) {
  if (folder.empty() || folder.back() == '/') return folder + name;
  return folder + "/" + name;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Walks a folder along the segments of a pattern.
class Walk {
 public:
  Walk(const std::vector<std::string>& segments, std::vector<FileEntry>& found)
      : segments_(segments), found_(found) {}

  // `folder` is empty for the working directory. `id` is "" or ends with a slash.
  void visit(const std::string& folder, const std::string& id, size_t segment, int depth) {
    if (depth > deepest) return;
    const std::string& wanted = segments_[segment];
    const bool last = segment + 1 == segments_.size();
    if (wanted == "**") {
      if (!first_visit(folder, segment)) return;
      if (!last) visit(folder, id, segment + 1, depth);
      visit_below(folder, id, segment, depth, last);
    } else if (!has_glob(wanted)) {
      take(folder, id, wanted, segment, depth, last);
    } else {
      for (const std::string& name : names(folder))
        if (segment_fits(wanted, name)) take(folder, id, name, segment, depth, last);
    }
  }

 private:
  void take(const std::string& folder, const std::string& id, const std::string& name, size_t segment,
            int depth, bool last) {
    struct stat is {};
    const std::string path = join(folder, name);
    if (::stat(path.c_str(), &is) != 0) return;  // gone, or a dangling link
    if (last && S_ISREG(is.st_mode)) found_.push_back({id + name, path, static_cast<uint64_t>(is.st_size)});
    if (!last && S_ISDIR(is.st_mode)) visit(path, id + name + "/", segment + 1, depth + 1);
  }
  bool first_visit(const std::string& folder, size_t segment) {
    struct stat is {};
    if (::stat(folder.empty() ? "." : folder.c_str(), &is) != 0) return false;
    return visited_.insert({segment, is.st_dev, is.st_ino}).second;
  }
  // Folders below, real ones before links, so that a link never hides the place it points to.
  void visit_below(const std::string& folder, const std::string& id, size_t segment, int depth,
                   bool files_too) {
    struct stat is {};
    std::vector<std::string> links;
    for (const std::string& name : names(folder)) {
      if (name.front() == '.') continue;
      const std::string path = join(folder, name);
      if (::lstat(path.c_str(), &is) != 0) continue;
      if (S_ISLNK(is.st_mode))
        links.push_back(name);
      else
        below(path, id + name, segment, depth, files_too);
    }
    for (const std::string& name : links) below(join(folder, name), id + name, segment, depth, files_too);
  }
  void below(const std::string& path, const std::string& id, size_t segment, int depth, bool files_too) {
    struct stat is {};
    if (::stat(path.c_str(), &is) != 0) return;
    if (files_too && S_ISREG(is.st_mode)) found_.push_back({id, path, static_cast<uint64_t>(is.st_size)});
    if (S_ISDIR(is.st_mode)) visit(path, id + "/", segment, depth + 1);
  }
  static std::vector<std::string> names(const std::string& folder) {
    const std::string path = folder.empty() ? "." : folder;
    std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(path.c_str()), &::closedir);
    if (!open) {
      if (errno == ENOENT) return {};
      throw open_error(path, errno);
    }
    std::vector<std::string> out;
    while (const dirent* entry = ::readdir(open.get()))
      if (std::string name = entry->d_name; name != "." && name != "..") out.push_back(std::move(name));
    std::sort(out.begin(), out.end());
    return out;
  }

  const std::vector<std::string>& segments_;
  std::vector<FileEntry>& found_;
  std::set<std::tuple<size_t, dev_t, ino_t>> visited_;
};

}  // namespace

FileSet::Pattern FileSet::pattern() const {
  struct stat is {};
  if (::stat(path_.c_str(), &is) == 0) {
    if (S_ISDIR(is.st_mode)) return {path_, {"**", "*"}};
    return {};
  }
  if (path_.empty() || path_.back() == '/') throw folder_missing(path_);
  if (!has_glob(path_)) return {};
  Pattern out{path_.front() == '/' ? "/" : "", path_segments(path_)};
  while (!has_glob(out.segments.front())) {
    out.folder = join(out.folder, out.segments.front());
    out.segments.erase(out.segments.begin());
  }
  // "**" alone means every file below.
  if (out.segments.back() == "**") out.segments.emplace_back("*");
  const char* folder = out.folder.empty() ? "." : out.folder.c_str();
  if (::stat(folder, &is) != 0 && errno != ENOENT) throw open_error(folder, errno);
  if (::stat(folder, &is) != 0 || !S_ISDIR(is.st_mode)) throw folder_missing(folder);
  return out;
}

FileEntry FileSet::single_file() const {
  struct stat is {};
  if (::stat(path_.c_str(), &is) != 0) {
    const int why = errno;
    const std::string folder = parent_of(path_);
    if (why == ENOENT && ::stat(folder.c_str(), &is) != 0 && errno == ENOENT) throw folder_missing(folder);
    throw open_error(path_, why);
  }
  if (!S_ISREG(is.st_mode)) throw open_error(path_, "it is no regular file");
  return {path_.substr(path_.rfind('/') + 1), path_, static_cast<uint64_t>(is.st_size)};
}

void FileSet::list(const std::function<bool(const FileEntry&)>& out) const {
  const Pattern wanted = pattern();
  if (wanted.segments.empty()) {
    out(single_file());
    return;
  }
  std::vector<FileEntry> found;
  Walk(wanted.segments, found).visit(wanted.folder, "", 0, 0);
  const auto by_id = [](const FileEntry& a, const FileEntry& b) { return a.id < b.id; };
  const auto same_id = [](const FileEntry& a, const FileEntry& b) { return a.id == b.id; };
  std::sort(found.begin(), found.end(), by_id);
  found.erase(std::unique(found.begin(), found.end(), same_id), found.end());
  for (const FileEntry& entry : found)
    if (!out(entry)) return;
}

std::optional<FileEntry> FileSet::find(std::string_view id) const {
  const Pattern wanted = pattern();
  if (wanted.segments.empty()) {
    if (path_.substr(path_.rfind('/') + 1) != id) return std::nullopt;
    return single_file();
  }
  const std::vector<std::string> names = path_segments(id);
  std::string plain;
  for (const std::string& name : names) {
    if (name == "." || name == "..") return std::nullopt;
    plain += (plain.empty() ? "" : "/") + name;
  }
  if (plain != id || id.empty() || !path_fits(wanted.segments, names)) return std::nullopt;
  struct stat is {};
  const std::string path = join(wanted.folder, plain);
  if (::stat(path.c_str(), &is) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw open_error(path, errno);
  }
  if (!S_ISREG(is.st_mode)) return std::nullopt;
  return FileEntry{plain, path, static_cast<uint64_t>(is.st_size)};
}

}  // namespace sluice::file
