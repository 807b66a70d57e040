#include "staging/mmap/manifest.hpp"

#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <span>

#include "sluice/abi/frame.h"
#include "sluice/json.hpp"
#include "staging/mmap/format.hpp"

namespace sluice::staging {

namespace {

constexpr uint64_t largest_manifest = uint64_t{64} << 20;
constexpr std::string_view format_name = "sluice-staging";

std::string hex(uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string text_of(const Manifest& manifest) {
  std::string text = Json::object({{"format", std::string(format_name)},
                                   {"version", static_cast<int64_t>(format::version)},
                                   {"stageId", manifest.stage_id},
                                   {"runId", manifest.run_id},
                                   {"unitKey", manifest.unit_key},
                                   {"sessionKey", hex(manifest.session_key)},
                                   {"durability", std::string(to_string(manifest.durability))},
                                   {"streams", static_cast<int64_t>(manifest.streams)},
                                   {"segmentBytes", manifest.segment_bytes},
                                   {"segments", static_cast<int64_t>(manifest.segments)},
                                   {"createdAt", manifest.created_at},
                                   {"note", manifest.note}})
                         .dump();
  const uint64_t checksum = format::hash(text.data(), text.size(), 0);
  return text + "\n" + hex(checksum) + "\n";
}

Status write_copy(FileLayer& files, const SessionFiles& at, const Manifest& manifest, const std::string& path,
                  std::string_view text) {
  const std::string fresh = path + ".new";
  (void)files.remove(fresh);
  File file;
  if (const int error = files.create(fresh, 0, file)) return file_error("create", fresh, error, text.size());
  if (const int error = files.write(file, 0, std::as_bytes(std::span(text))))
    return file_error("write", fresh, error, text.size());
  const bool to_disk = manifest.durability == Durability::disk;
  if (to_disk)
    if (const int error = files.sync(file)) return file_error("sync", fresh, error);
  if (const int error = files.rename(fresh, path)) return file_error("rename", fresh, error);
  if (to_disk)
    if (const int error = files.sync_folder(at.folder)) return file_error("sync", at.folder, error);
  return {};
}

Error damaged(const std::string& path, const std::string& what) {
  return {ErrorClass::damaged, "E_STAGING_MANIFEST", "the manifest of a staging session is damaged: " + what,
          path, "the session cannot be read; `sluice staging gc` sets it aside"};
}

uint64_t natural(const Json& json, std::string_view key, uint64_t least, uint64_t most) {
  const int64_t value = json.at(key).as_integer();
  if (value < 0 || static_cast<uint64_t>(value) < least || static_cast<uint64_t>(value) > most)
    throw Error(ErrorClass::damaged, "E_STAGING_MANIFEST", std::string(key) + " is out of range");
  return static_cast<uint64_t>(value);
}

uint64_t from_hex(const std::string& text) {
  if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorClass::damaged, "E_STAGING_MANIFEST", "a number is not in hexadecimal digits");
  return std::stoull(text, nullptr, 16);
}

Status parse(const std::string& text, const std::string& path, Manifest& out) {
  const size_t line = text.find('\n');
  if (line == std::string::npos || text.size() != line + 18 || text.back() != '\n')
    return damaged(path, "it is cut off");
  const uint64_t checksum = format::hash(text.data(), line, 0);
  if (text.substr(line + 1, 16) != hex(checksum)) return damaged(path, "its checksum does not match");
  try {
    const Json json = Json::parse(std::string_view(text).substr(0, line));
    if (json.at("format").as_string() != format_name) return damaged(path, "it is of another format");
    if (const int64_t version = json.at("version").as_integer(); version != format::version)
      return Error(ErrorClass::config, "E_STAGING_VERSION",
                   "the staging session is of format version " + std::to_string(version) +
                       ", and this host reads version " + std::to_string(format::version),
                   path, "finish it with the version of Sluice that wrote it");
    out.stage_id = json.at("stageId").as_string();
    out.run_id = json.at("runId").as_string();
    out.unit_key = json.at("unitKey").as_string();
    out.session_key = from_hex(json.at("sessionKey").as_string());
    out.durability = json.at("durability").as_string() == "disk" ? Durability::disk : Durability::os;
    out.streams = static_cast<uint32_t>(natural(json, "streams", 1, 4096));
    out.segment_bytes = natural(json, "segmentBytes", 2 * format::first_record, uint64_t{1} << 32);
    out.segments = static_cast<uint32_t>(natural(json, "segments", 2, 1u << 20));
    out.created_at = json.at("createdAt").as_integer();
    out.note = json.at("note").as_string();
    return {};
  } catch (const Error& error) {
    return damaged(path, error.message());
  }
}

Status read_copy(FileLayer& files, const std::string& path, Manifest& out) {
  File file;
  if (const int error = files.open(path, FileLayer::Access::read, file))
    return file_error("open", path, error);
  uint64_t bytes = 0;
  if (const int error = files.size(file, bytes)) return file_error("read", path, error);
  if (bytes > largest_manifest) return damaged(path, "it is too large");
  std::string text(bytes, '\0');
  size_t got = 0;
  if (const int error = files.read(file, 0, std::as_writable_bytes(std::span(text)), got))
    return file_error("read", path, error);
  text.resize(got);
  return parse(text, path, out);
}

}  // namespace

Status write_manifest(FileLayer& files, const SessionFiles& at, const Manifest& manifest) {
  const std::string text = text_of(manifest);
  if (Status status = write_copy(files, at, manifest, at.manifest(), text); !status.ok()) return status;
  return write_copy(files, at, manifest, at.manifest_copy(), text);
}

Status read_manifest(FileLayer& files, const SessionFiles& at, Manifest& out, bool* healed) {
  Status first = read_copy(files, at.manifest(), out);
  if (first.ok()) {
    if (healed) {
      Manifest other;
      *healed = !read_copy(files, at.manifest_copy(), other).ok();
    }
    return first;
  }
  if (healed) *healed = true;
  // What may pass says nothing of the file, and the copy may be older.
  if (first.error().code() == "E_STAGING_VERSION" || first.error().transient()) return first;
  Status second = read_copy(files, at.manifest_copy(), out);
  if (second.ok() || second.error().code() == "E_STAGING_VERSION") return second;
  if (first.error().code() == "E_STAGING_MISSING" && second.error().code() == "E_STAGING_MISSING")
    return Error(ErrorClass::config, "E_STAGE_UNKNOWN", "there is no staging session in " + at.folder,
                 at.folder, "`sluice staging list` shows what there is");
  return first.error().code() == "E_STAGING_MISSING" ? std::move(second) : std::move(first);
}

Status read_manifest_copy(FileLayer& files, const std::string& path, Manifest& out) {
  return read_copy(files, path, out);
}

}  // namespace sluice::staging
