// Opening a host in a new process: with the bundled plugins and with fifty, scanned for the first time and
// unchanged since.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using host::Result;

constexpr int many = 50;

// A plugin under another id: the id stands in the library as a text of the same length, in its code and in
// its note.
void write_renamed(std::string library, const std::string& path, int number) {
  const std::string id = "bench-plugin-00";
  std::string other = id;
  other[id.size() - 2] = static_cast<char>('0' + number / 10);
  other[id.size() - 1] = static_cast<char>('0' + number % 10);
  for (size_t at = 0; (at = library.find(id, at)) != std::string::npos; at += id.size())
    library.replace(at, id.size(), other);
  std::ofstream(path, std::ios::binary) << library;
  fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::others_read);
}

// The bundled ones, and so many small ones that there are fifty.
void make_folder(const Setting& setting, const std::string& folder) {
  fs::remove_all(folder);
  fs::create_directory(folder);
  int count = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(setting.plugins)) {
    if (file.path().extension() != ".so") continue;
    fs::copy_file(file.path(), fs::path(folder) / file.path().filename());
    ++count;
  }
  const fs::path model = fs::path(setting.self).parent_path() / "sluice_bench_plugin.so";
  std::ifstream in(model, std::ios::binary);
  require(in.good(), "cannot read " + model.string());
  const std::string library{std::istreambuf_iterator<char>(in), {}};
  for (int number = 0; count < many; ++number, ++count)
    write_renamed(library, folder + "/bench-" + std::to_string(number) + ".so", number);
}

}  // namespace

Workload cold_start(const Setting& setting) {
  Workload work{.name = "cold-start",
                .title = "Opening a host in a new process",
                .unit = "ms",
                .is_time = true,
                .ways = {},
                .meaning =
                    "First: every plugin is read and scanned in a worker process. Unchanged: the outcome of "
                    "the last scan is taken from the cache."};
  const std::string fifty = setting.folder() + "/plugins-50", cache = setting.folder() + "/scan-cache";
  make_folder(setting, fifty);
  const auto add = [&](const char* name, const char* title, const std::string& plugins, bool unchanged) {
    work.ways.push_back({name, title, Role::product, 1e-3, {}, [=]() -> Result<Lap> {
                           const std::string answer = setting.folder() + "/answer";
                           const std::vector<std::string> words{setting.self, "open-host", plugins, cache};
                           fs::remove_all(cache);
                           if (unchanged)
                             if (const auto first = run_program(words); !first) return first;
                           Result<Lap> lap = run_program(words, {.input = {}, .output = answer});
                           if (lap) std::ifstream(answer) >> lap->seconds;
                           return lap;
                         }});
  };
  add("bundled-first", "bundled plugins, first time", setting.plugins, false);
  add("bundled-unchanged", "bundled plugins, unchanged", setting.plugins, true);
  add("fifty-first", "50 plugins, first time", fifty, false);
  add("fifty-unchanged", "50 plugins, unchanged", fifty, true);
  return work;
}

}  // namespace sluice::bench
