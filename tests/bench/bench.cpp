// The benchmarks of `make bench`: every workload's ways in turn in the same loop, what came out compared with
// what had to, medians, ranges and ratios. run.sh says what the arguments are.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>

#include "host/cli/bench/machine.hpp"
#include "host/cli/bench/report.hpp"
#include "versions.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* usage =
    "usage: sluice_bench SLUICE FOLDER RESULTS.json MIB ROUNDS quick|full [WORKLOAD...]\n"
    "workloads: file-to-file generator staging csv-to-sqlite empty-run small-units runs-at-once growth "
    "cold-start checks\n";

struct Named {
  const char* name;
  std::function<std::vector<Workload>()> make;
};

std::vector<Workload> files(const Setting& setting) {
  const InputFile input = required(write_ndjson(setting.folder() + "/input.ndjson", setting.bytes, 42));
  Workload work = file_to_file(setting.product, input);
  add_file_limits(work, setting, input);
  add_file_peers(work, setting, input);
  return {std::move(work)};
}

std::vector<Workload> generators(const Setting& setting) {
  std::vector<Workload> all;
  for (const uint64_t record_bytes : {16u, 64u, 250u, 1024u, 4096u, 65536u}) {
    // Small records are many.
    const uint64_t bytes = record_bytes < 250 ? setting.bytes : 4 * setting.bytes;
    all.push_back(generator_to_null(setting.product, record_bytes, bytes));
    add_handover_limit(all.back(), record_bytes);
  }
  return all;
}

std::vector<Named> workloads(const Setting& setting) {
  const auto one = [&setting](Workload (*make)(const Setting&)) {
    return [&setting, make] { return std::vector<Workload>{make(setting)}; };
  };
  return {{"file-to-file", [&setting] { return files(setting); }},
          {"generator", [&setting] { return generators(setting); }},
          {"staging", one(staging_alone)},
          {"csv-to-sqlite", one(csv_to_sqlite)},
          {"empty-run", [&setting] { return std::vector<Workload>{empty_run(setting.product)}; }},
          {"small-units", one(small_units)},
          {"runs-at-once", one(runs_at_once)},
          {"growth", one(growth)},
          {"cold-start", one(cold_start)},
          {"checks", one(checks)}};
}

// BENCH_WAYS: names of ways as results.json has them; the others are left out.
void keep_wanted(Workload& work) {
  const char* wanted = std::getenv("BENCH_WAYS");
  if (!wanted || !*wanted) return;
  std::istringstream words(wanted);
  const std::set<std::string> names(std::istream_iterator<std::string>(words), {});
  std::erase_if(work.ways, [&](const Way& way) { return !names.contains(way.name); });
}

json::array measure_all(const Setting& setting, int rounds, const std::vector<std::string>& only) {
  json::array results;
  RoundOptions options{.rounds = rounds, .on_step = {}, .is_cancelled = {}};
  options.on_step = [](const std::string& step) { std::cerr << step << '\n'; };
  for (const Named& named : workloads(setting)) {
    if (!only.empty() && std::find(only.begin(), only.end(), named.name) == only.end()) continue;
    for (Workload& work : named.make()) {
      keep_wanted(work);
      if (work.ways.empty()) continue;
      const WorkloadResult result = required(measure(work, options));
      std::cout << to_text(result, false) << std::endl;
      results.push_back(to_json(result));
    }
  }
  return results;
}

int run(int count, char** words) {
  if (const int done = measure_as_child(count, words); done >= 0) return done;
  if (count < 7) {
    std::cerr << usage;
    return 2;
  }
  const fs::path program = fs::absolute(words[1]), folder = fs::absolute(words[2]) / "scratch";
  fs::remove_all(folder);
  fs::create_directories(folder);
  host::HostOptions options;
  options.use_environment = false;
  options.staging_folder = folder / "staging";
  options.default_plugin_folder = program.parent_path().parent_path() / "lib/sluice/plugins";
  const host::Host::Opened opened = host::Host::open(options);
  require(opened.host != nullptr, opened.failure.json);
  const RunClock clock(*opened.host, {});
  Setting setting;
  setting.product = {&clock, folder, program, {}};
  setting.self = fs::read_symlink("/proc/self/exe");
  setting.plugins = options.default_plugin_folder;
  setting.bytes = std::strtoull(words[4], nullptr, 10) << 20;
  setting.quick = std::strcmp(words[6], "quick") == 0;
  const std::vector<std::string> only(words + 7, words + count);
  json::object report{{"date", today()},
                      {"machine", describe_machine(folder)},
                      {"versions", versions()},
                      {"inputMiB", setting.bytes >> 20},
                      {"quick", setting.quick}};
  report["workloads"] = measure_all(setting, std::atoi(words[5]), only);
  std::ofstream(words[3]) << json::serialize(report) << '\n';
  fs::remove_all(folder);
  return 0;
}

}  // namespace

}  // namespace sluice::bench

int main(int count, char** words) {
  try {
    return sluice::bench::run(count, words);
  } catch (const std::exception& failure) {
    std::cerr << "sluice_bench: " << failure.what() << '\n';
    return 1;
  }
}
