#include "host/cli/bench/product_workloads.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

#include "host/cli/bench/child_program.hpp"
#include "host/cli/bench/copy_loops.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using host::Result;

// An output file that is compared with the input and removed, outside the time.
Result<Lap> checked(const InputFile& input, const std::string& output, const Result<Lap>& lap) {
  if (lap)
    if (Status same = expect_same_bytes(input.path, output); !same.ok()) return std::move(same).take_error();
  std::error_code ignored;
  fs::remove(output, ignored);
  const fs::path path(output);
  // A sink of files keeps a marker beside its file.
  fs::remove(path.parent_path() / ("." + path.filename().string() + ".sluice"), ignored);
  return lap;
}

struct FileWay {
  const char *name, *title;
  const char* template_id;
  const char *staging, *durability;
  bool isolated;
  int slices;
  std::vector<std::string> beside;
};

HostRun run_of(const FileWay& way, const InputFile& input, const std::string& output) {
  HostRun run;
  run.source = run.sink = way.template_id;
  run.source_config = {{"path", input.path}};
  run.sink_config = {{"path", output}};
  run.unit = fs::path(input.path).filename();
  run.staging = way.staging;
  run.durability = way.durability;
  run.isolated = way.isolated;
  run.slices = way.slices;
  return run;
}

// The same as a command of its own: opening the host is in the time, and its memory is known.
Result<Lap> run_command(const ProductSetting& setting, const HostRun& run) {
  const std::string request = setting.folder + "/request.json";
  std::ofstream(request) << boost::json::serialize(request_of(run));
  std::vector<std::string> words{setting.program, "run", "-q", request};
  words.insert(words.end(), setting.program_options.begin(), setting.program_options.end());
  return run_program(words);
}

}  // namespace

Workload file_to_file(const ProductSetting& setting, const InputFile& input) {
  Workload work{.name = "file-to-file",
                .title = "File to file: NDJSON in the page cache, records of about 250 bytes",
                .unit = "GB/s",
                .ways = {},
                .meaning =
                    "cp knows no records; file.lines finds every line, file.ndjson validates every "
                    "one, and both check sums of all that is staged."};
  const std::string output = setting.folder + "/output";
  const double amount = static_cast<double>(input.bytes) / 1e9;
  // Memory that was given back to a virtual machine's host is slow at its first use. Copies made and removed
  // right before give every way the same warm pages to write into: one for its output, one for what it
  // stages.
  work.settle = [scratch = setting.folder + "/scratch", path = input.path] {
    std::error_code ignored;
    for (const char* copy : {"1", "2"})
      fs::copy_file(path, scratch + copy, fs::copy_options::overwrite_existing, ignored);
    for (const char* copy : {"1", "2"}) fs::remove(scratch + copy, ignored);
  };
  const auto add = [&](const char* name, const char* title, Role role, std::vector<std::string> beside,
                       std::function<Result<Lap>()> run) {
    work.ways.push_back({name, title, role, amount, std::move(beside),
                         [=, run = std::move(run)] { return checked(input, output, run()); }});
  };
  add("cp", "cp", Role::limit, {}, [=] { return run_program({"cp", input.path, output}); });
  add("copy-1", "copying loop, one thread", Role::limit, {"cp"},
      [=] { return copy_lines_one_thread(input.path, output); });
  add("copy-2", "copying loop, two threads", Role::limit, {"cp"},
      [=] { return copy_lines_two_threads(input.path, output); });
  const std::vector<FileWay> ways{
      {"lines-memory", "file.lines, memory", "file.lines", "memory", "", false, 1, {"cp", "copy-2"}},
      {"lines-mmap-os", "file.lines, mmap os", "file.lines", "mmap", "os", false, 1, {"cp", "copy-2"}},
      {"lines-mmap-disk", "file.lines, mmap disk", "file.lines", "mmap", "disk", false, 1, {"cp"}},
      {"lines-isolated",
       "file.lines, memory, isolated",
       "file.lines",
       "memory",
       "",
       true,
       1,
       {"cp", "lines-memory"}},
      {"lines-mmap-isolated",
       "file.lines, mmap os, isolated",
       "file.lines",
       "mmap",
       "os",
       true,
       1,
       {"cp", "lines-mmap-os"}},
      {"ndjson-memory", "file.ndjson, memory", "file.ndjson", "memory", "", false, 1, {"cp"}},
      {"ndjson-memory-2",
       "file.ndjson, memory, 2 slices",
       "file.ndjson",
       "memory",
       "",
       false,
       2,
       {"cp", "ndjson-memory"}},
      {"ndjson-mmap-os",
       "file.ndjson, mmap os",
       "file.ndjson",
       "mmap",
       "os",
       false,
       1,
       {"cp", "ndjson-memory"}},
      {"ndjson-isolated",
       "file.ndjson, memory, isolated",
       "file.ndjson",
       "memory",
       "",
       true,
       1,
       {"cp", "ndjson-memory"}}};
  for (const FileWay& way : ways)
    add(way.name, way.title, Role::product, way.beside,
        [=, clock = setting.clock] { return clock->time(run_of(way, input, output), input.records); });
  add("lines-command", "file.lines, memory, as a command", Role::product, {"cp"},
      [=] { return run_command(setting, run_of(ways[0], input, output)); });
  return work;
}

Workload generator_to_null(const ProductSetting& setting, uint64_t record_bytes, uint64_t bytes) {
  Workload work{.name = "generator-" + std::to_string(record_bytes),
                .title = "Generator to null: records of " + std::to_string(record_bytes) + " bytes",
                .unit = "million records/s",
                .ways = {},
                .meaning =
                    "What the plane itself costs a record, with a source that only makes records and a "
                    "sink that only counts them."};
  HostRun run;
  run.source = "generator";
  run.sink = "null";
  // Records of 16 bytes have room for ids of nine digits.
  const uint64_t count = std::min<uint64_t>(bytes / record_bytes, 100'000'000);
  run.source_config = {{"count", count}, {"recordBytes", record_bytes}};
  const double amount = static_cast<double>(count) / 1e6;
  const auto add = [&](const char* name, const char* title, const char* staging, bool isolated,
                       std::vector<std::string> beside, uint64_t batch_bytes = 0) {
    HostRun one = run;
    one.staging = staging;
    one.isolated = isolated;
    one.batch_bytes = batch_bytes;
    work.ways.push_back({name, title, Role::product, amount, std::move(beside),
                         [=, clock = setting.clock] { return clock->time(one, count); }});
  };
  add("memory", "generator to null, memory", "memory", false, {});
  if (record_bytes < 65536)
    add("memory-256k", "generator to null, memory, batches of 256 KiB", "memory", false, {"memory"},
        256 << 10);
  add("mmap-os", "generator to null, mmap os", "mmap", false, {"memory"});
  add("isolated", "generator to null, memory, isolated", "memory", true, {"memory"});
  return work;
}

Workload empty_run(const ProductSetting& setting) {
  Workload work{.name = "empty-run",
                .title = "A run that has nothing to do, in a warm host",
                .unit = "µs a run",
                .is_time = true,
                .ways = {},
                .meaning = "The least that a run costs; isolated, two worker processes are started."};
  HostRun run;
  run.source = "generator";
  run.sink = "null";
  run.source_config = {{"count", 1000}};
  run.checkpoint = boost::json::object{{"next", 1000}};
  const auto add = [&](const char* name, const char* title, const char* staging, bool isolated, int times) {
    HostRun one = run;
    one.staging = staging;
    one.isolated = isolated;
    work.ways.push_back({name, title, Role::product, times * 1e-6, {}, [=, clock = setting.clock] {
                           return clock->time_many(one, 0, times);
                         }});
  };
  add("memory", "empty run, memory", "memory", false, 100);
  add("mmap-os", "empty run, mmap os", "mmap", false, 20);
  add("isolated", "empty run, memory, isolated", "memory", true, 10);
  return work;
}

}  // namespace sluice::bench
