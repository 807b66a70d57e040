#include "scratch.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::zoo {

namespace {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-zoo-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make a folder");
    path_ = std::filesystem::canonical(name);
    for (const char* variable : {"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"}) {
      const std::filesystem::path folder = path_ / variable;
      std::filesystem::create_directory(folder);
      ::setenv(variable, folder.c_str(), 1);
    }
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

const std::filesystem::path& scratch() {
  static const Scratch one;
  return one.path();
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace sluice::zoo
