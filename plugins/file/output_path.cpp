#include "output_path.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "content_hash.hpp"
#include "file_error.hpp"

namespace sluice::file {

namespace {

// The name's company has to fit beside it: `.<name>.sluice-tmp-<16 hex>` in 255 bytes.
constexpr size_t longest_name = 200;

bool is_folder(const std::string& path) {
  struct stat is {};
  return ::stat(path.c_str(), &is) == 0 && S_ISDIR(is.st_mode);
}

void require_folder(const std::string& path) {
  struct stat is {};
  if (::stat(path.c_str(), &is) != 0) {
    if (errno == ENOENT) throw folder_missing(path);
    throw open_error(path, errno);
  }
  if (!S_ISDIR(is.st_mode)) throw open_error(path, "it is no folder");
}

std::string safe_name(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x20 || byte == 0x7f || byte == '%' || (byte == '.' && i == 0)) {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    } else {
      out += static_cast<char>(byte);
    }
  }
  if (out.empty()) out = "%";
  if (out.size() > longest_name) out = out.substr(0, longest_name - 17) + "-" + content_hash(name);
  return out;
}

std::string without_compression(const std::string& path) {
  for (std::string_view end : {".gz", ".zst", ".zstd"})
    if (path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0 &&
        path[path.size() - end.size() - 1] != '/')
      return path.substr(0, path.size() - end.size());
  return path;
}

std::string resolve_links(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) ? std::string(resolved) : path;
}

}  // namespace

std::string OutputPath::folder() const {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string OutputPath::name() const {
  return path.substr(path.rfind('/') + 1);
}

std::string OutputPath::beside(std::string_view ending) const {
  return path.substr(0, path.rfind('/') + 1) + "." + name() + std::string(ending);
}

std::string safe_unit_path(std::string_view unit_id) {
  std::string out;
  for (;;) {
    const size_t slash = unit_id.find('/');
    out += safe_name(unit_id.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    unit_id.remove_prefix(slash + 1);
  }
}

OutputPath output_path(const std::string& configured, const std::string& setting, std::string_view unit_id) {
  OutputPath out;
  if (configured.back() == '/' || is_folder(configured)) {
    require_folder(configured);
    std::string name = safe_unit_path(unit_id);
    if (setting != "auto") name = without_compression(name);
    if (setting == "gzip") name += ".gz";
    if (setting == "zstd") name += ".zst";
    std::string path = configured.back() == '/' ? configured : configured + "/";
    for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const std::string folder = path + name.substr(0, slash);
      if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) throw open_error(folder, errno);
    }
    out.path = path + name;
  } else {
    out.path = configured;
    require_folder(out.folder());
  }
  out.compression = compression_of(setting, out.path);
  struct stat is {};
  if (::stat(out.path.c_str(), &is) == 0) {
    if (!S_ISREG(is.st_mode)) throw open_error(out.path, "it is no regular file");
    out.path = resolve_links(out.path);
  }
  return out;
}

void check_output(const std::string& configured) {
  const bool folder = configured.back() == '/' || is_folder(configured);
  const std::string path = folder ? configured : OutputPath{configured}.folder();
  require_folder(path);
  if (::access(path.c_str(), W_OK | X_OK) != 0) throw open_error(path, errno);
}

}  // namespace sluice::file
