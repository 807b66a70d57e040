#include "output_marker.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "file_error.hpp"

namespace sluice::file {

namespace {

constexpr int64_t version = 1;
constexpr size_t largest = size_t{1} << 20;

uint64_t natural(const Json& json, std::string_view key) {
  const int64_t value = json.at(key).as_integer();
  if (value < 0) throw Error(ErrorClass::config, "E_JSON_TYPE", "negative");
  return static_cast<uint64_t>(value);
}

}  // namespace

std::optional<OutputMarker> read_marker(const OutputPath& path) {
  UniqueFd fd(::open(path.beside(".sluice").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  struct stat is {};
  if (::fstat(fd.get(), &is) != 0 || is.st_size < 0 || static_cast<size_t>(is.st_size) > largest)
    return std::nullopt;
  std::string text(static_cast<size_t>(is.st_size), '\0');
  size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<size_t>(got)) {
    got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0) return std::nullopt;
  }
  try {
    const Json json = Json::parse(std::string_view(text).substr(0, size));
    if (json.at("version").as_integer() != version) return std::nullopt;
    OutputMarker out;
    out.unit_key = json.at("unitKey").as_string();
    // Inodes may need all 64 bits, which JSON numbers do not have.
    out.inode = std::stoull(json.at("inode").as_string());
    out.start = natural(json, "start");
    out.length = natural(json, "length");
    out.open = json.at("open").as_bool();
    // Markers of earlier versions have neither.
    if (const Json* fence = json.find("fence")) out.fence = std::stoull(fence->as_string());
    if (const Json* epoch = json.find("epoch")) out.epoch = std::stoull(epoch->as_string());
    if (const Json* token = json.find("token")) out.token = *token;
    if (out.start > out.length) return std::nullopt;
    return out;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void write_marker(const OutputPath& path, const OutputMarker& marker, bool to_disk) {
  const std::string text = Json::object({{"version", version},
                                         {"unitKey", marker.unit_key},
                                         {"inode", std::to_string(marker.inode)},
                                         {"start", marker.start},
                                         {"length", marker.length},
                                         {"fence", std::to_string(marker.fence)},
                                         {"epoch", std::to_string(marker.epoch)},
                                         {"open", marker.open},
                                         {"token", marker.token}})
                               .dump();
  const std::string target = path.beside(".sluice"), temporary = path.beside(".sluice-new");
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) throw write_error(temporary, errno, text.size());
  for (size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(fd.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw write_error(temporary, errno, text.size());
    done += static_cast<size_t>(put);
  }
  if (to_disk && ::fdatasync(fd.get()) != 0) throw write_error(temporary, errno, text.size());
  if (::rename(temporary.c_str(), target.c_str()) != 0) throw write_error(target, errno, text.size());
  if (to_disk) sync_folder(path.folder());
}

MarkerLock::MarkerLock(const OutputPath& path) {
  const std::string folder = path.folder();
  folder_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) throw open_error(folder, errno);
  while (::flock(folder_.get(), LOCK_EX) != 0)
    if (errno != EINTR) throw open_error(folder, errno);
}

void sync_folder(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw write_error(folder, errno, 0);
}

}  // namespace sluice::file
