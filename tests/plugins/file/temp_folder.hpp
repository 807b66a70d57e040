// A folder that lives as long as a test, and the files in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sluice/batch/batch_view.hpp>
#include <sluice/testing/fake_host.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::file {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-file-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string operator()(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  std::string write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path((*this)(name)).parent_path());
    std::ofstream((*this)(name), std::ios::binary | std::ios::trunc) << content;
    return (*this)(name);
  }
  void append(const std::string& name, std::string_view content) const {
    std::ofstream((*this)(name), std::ios::binary | std::ios::app) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream in((*this)(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool has(const std::string& name) const { return std::filesystem::exists((*this)(name)); }
  // Names in the folder, dot files too, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::string path_;
};

inline std::string config_with_path(const std::string& path, const std::string& more = "") {
  return "{" + Json("path").dump() + ":" + Json(path).dump() + (more.empty() ? "" : "," + more) + "}";
}

// What the frames hold, delimiters included: what a text sink would write.
inline std::string all_bytes(const testing::SourceRun& run) {
  std::string out;
  for (const auto& frame : run.frames()) {
    BatchView batch(frame);
    if (batch.size() > 0) out += DocumentsView(batch).all_bytes();
  }
  return out;
}

// Random text with everything that lines may hold.
inline std::string random_text(std::mt19937& random, size_t size) {
  std::string out;
  while (out.size() < size) {
    switch (random() % 8) {
      case 0:
        out += "\n";
        break;
      case 1:
        out += "\r\n";
        break;
      case 2:
        out += '\0';
        break;
      case 3:
        out += static_cast<char>(random() % 256);
        break;
      default:
        out.append(random() % 40, static_cast<char>('a' + random() % 26));
    }
  }
  out.resize(size);
  return out;
}

}  // namespace sluice::file
