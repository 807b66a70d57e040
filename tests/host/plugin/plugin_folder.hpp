// A private folder with plugin files in it, gone at the end of the test.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::host::testing {

inline std::filesystem::path built(std::string_view name) {
  return std::filesystem::path(WRONG_PLUGINS) / (std::string(name) + ".so");
}

inline std::vector<uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The good plugin with every `from` replaced by `to`, which is as long: another version, another template.
inline std::vector<uint8_t> good_with(std::string_view from, std::string_view to) {
  std::vector<uint8_t> bytes = bytes_of(built("good"));
  if (from.size() != to.size()) throw std::runtime_error("the texts differ in length");
  for (auto at = bytes.begin();;) {
    at = std::search(at, bytes.end(), from.begin(), from.end());
    if (at == bytes.end()) return bytes;
    at = std::copy(to.begin(), to.end(), at);
  }
}
inline std::vector<uint8_t> good_version(std::string_view digit) {
  return good_with("\"version\":\"1", "\"version\":\"" + std::string(digit));
}

class PluginFolder {
 public:
  PluginFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-plugins-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder");
    path_ = std::filesystem::canonical(name);
  }
  ~PluginFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PluginFolder(const PluginFolder&) = delete;
  PluginFolder& operator=(const PluginFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // A copy of a built plugin, under its own name or another.
  std::filesystem::path copy(std::string_view name, std::string_view as = {}) const {
    return write(std::string(as.empty() ? name : as) + ".so", bytes_of(built(name)));
  }

  std::filesystem::path write(std::string_view name, const std::vector<uint8_t>& bytes) const {
    std::filesystem::path file = path_ / name;
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file.string());
    using std::filesystem::perms;
    std::filesystem::permissions(file, perms::owner_read | perms::owner_write | perms::group_read);
    return file;
  }

  std::filesystem::path write(std::string_view name, std::string_view text) const {
    return write(name, std::vector<uint8_t>(text.begin(), text.end()));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::host::testing
