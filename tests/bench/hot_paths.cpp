// The hot paths, one at a time, for counting their instructions: what a lap costs is the difference between
// many laps and one. usage: sluice_hot_paths FOLDER PLUGINS WORKLOAD LAPS; or --list, or --kernels. Prints
// nothing when all is well.
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <span>

#include "csv_source.hpp"
#include "generator_source.hpp"
#include "host/cli/bench/host_runs.hpp"
#include "host/cli/bench/seeded_input.hpp"
#include "hot_sources.hpp"
#include "setting.hpp"
#include "sluice/batch/seal.hpp"
#include "staging/files/posix_files.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/mmap/mmap_provider.hpp"
#include "text_sink.hpp"
#include "text_source.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t input_bytes = uint64_t{1} << 20, batch_bytes = uint64_t{256} << 10;

struct Place {
  std::string folder, plugins;
  std::string operator()(const std::string& name) const { return folder + "/" + name; }
};

// A lap of a workload; made once, called often.
using Laps = std::function<void()>;

std::string config_of(const std::string& path) {
  return R"({"path":")" + path + "\"}";
}

template <class T>
Laps read_file(const InputFile& input, const char* format) {
  const auto host = std::make_shared<testing::FakeHost>();
  return [=, records = input.records] {
    require(read_all<T>(*host, config_of(input.path), fs::path(input.path).filename(), format) == records,
            "the source lost something");
  };
}

InputFile ndjson_at(const Place& place) {
  return required(write_ndjson(place("input.ndjson"), input_bytes, 42));
}

Laps generate(const Place&) {
  const auto host = std::make_shared<testing::FakeHost>();
  return [=] {
    require(read_all<generator::GeneratorSource>(*host, R"({"count":20000,"recordBytes":250})", "records",
                                                 "documents") == 20'000,
            "the generator lost something");
  };
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Laps write_file(const Place& place) {
  using Lines = Both<file::LinesSource, file::LinesSink>;
  const std::string text = contents(ndjson_at(place).path);
  const auto frame = std::make_shared<const FrameBytes>(testing::chunk_frame(text.substr(0, batch_bytes)));
  const auto host = std::make_shared<testing::FakeHost>();
  return [=, path = place("output")] {
    testing::SinkRun sink = testing::make_sink<Lines>(*host, config_of(path));
    sink.open();
    for (int i = 0; i < 16; ++i) sink.write_frame(*frame);
    sink.commit();
  };
}

Laps seal_and_verify(const Place& place) {
  const std::string text = contents(ndjson_at(place).path).substr(0, batch_bytes);
  const auto frame = std::make_shared<FrameBytes>(testing::chunk_frame(text));
  return [=] {
    for (uint64_t i = 0; i < 16; ++i) {
      seal_frame(*frame, i, 0, 0);
      require(verify_frame(*frame));
    }
  };
}

Laps rows_to_json(const Place&) {
  std::vector<std::string> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back("[" + std::to_string(i) + ",\"name \\\"" + std::to_string(i * 7919 % 1000) + "\\\"\"," +
                   std::to_string(i) + ".25,true,20000,1767225600000000]");
  const auto frame = std::make_shared<const FrameBytes>(testing::table_frame({{"id", Type::int64},
                                                                              {"name", Type::utf8},
                                                                              {"score", Type::float64},
                                                                              {"active", Type::boolean},
                                                                              {"day", Type::date32},
                                                                              {"at", Type::timestamp}},
                                                                             rows));
  return [=] {
    FrameBytes documents;
    require(table_to_documents(BatchView(*frame), documents));
    require(documents.size() > 50'000, "rows are missing");
  };
}

// Frames through one session in one thread: claim, publish, next, release; acknowledged now and then.
Laps stage(const std::shared_ptr<StagingProvider>& provider, Durability durability, const Place& place) {
  const std::string text = contents(ndjson_at(place).path).substr(0, 4096);
  const auto frame = std::make_shared<FrameBytes>(testing::chunk_frame(text));
  StagingRequest request;
  request.durability = durability;
  request.max_bytes = uint64_t{4} << 20;
  request.max_batch_bytes = batch_bytes;
  std::unique_ptr<StagingSession> opened;
  require(provider->open(request, opened));
  const std::shared_ptr<StagingSession> session(std::move(opened));
  // The provider goes after the session that it gave.
  return [=, number = uint64_t{0}, keep = provider]() mutable {
    for (int i = 0; i < 256; ++i, ++number) {
      std::span<std::byte> room;
      require(session->writer(0).claim(frame->size(), room));
      seal_frame(*frame, number, 0, 0);
      std::memcpy(room.data(), frame->data(), frame->size());
      require(session->writer(0).publish(frame->size()));
      auto kind = StagingReader::Next::nothing_yet;
      std::span<const std::byte> read;
      require(session->reader(0).next(std::chrono::seconds(1), kind, read));
      require(kind == StagingReader::Next::frame && read.size() == frame->size(), "a frame is missing");
      session->reader(0).release();
      if (number % 16 == 15) require(session->reader(0).acknowledge(number, {}));
    }
  };
}

struct MappedStaging {
  explicit MappedStaging(const std::string& folder) : provider({.folder = folder, .min_free = 0}, files) {}
  staging::PosixFiles files;
  staging::MmapProvider provider;
};

Laps stage_mapped(const Place& place) {
  const auto mapped = std::make_shared<MappedStaging>(place("staging"));
  return stage(std::shared_ptr<StagingProvider>(mapped, &mapped->provider), Durability::os, place);
}

Laps whole_run(const Place& place) {
  host::HostOptions options;
  options.use_environment = false;
  options.default_plugin_folder = place.plugins;
  options.cache_folder = place("scan-cache");
  options.worker_program = fs::path(place.plugins).parent_path() / "sluice-worker";
  const InputFile input = ndjson_at(place);
  HostRun run;
  run.source = run.sink = "file.lines";
  run.source_config = {{"path", input.path}};
  run.sink_config = {{"path", place("run-output")}};
  run.unit = fs::path(input.path).filename();
  auto opened = host::Host::open(options);
  require(opened.host != nullptr, opened.failure.json);
  return [=, host = std::shared_ptr<host::Host>(std::move(opened.host))] {
    (void)required(RunClock(*host, {}).time(run, input.records));
  };
}

const std::map<std::string, std::function<Laps(const Place&)>>& workloads() {
  static const std::map<std::string, std::function<Laps(const Place&)>> all{
      {"lines-read",
       [](const Place& at) { return read_file<file::LinesSource>(ndjson_at(at), "documents"); }},
      {"ndjson-read",
       [](const Place& at) { return read_file<file::NdjsonSource>(ndjson_at(at), "documents"); }},
      {"csv-read",
       [](const Place& at) {
         return read_file<file::CsvSource>(required(write_csv(at("input.csv"), input_bytes / 4, 7)),
                                           "tables");
       }},
      {"file-write", write_file},
      {"generator", generate},
      {"seal-verify", seal_and_verify},
      {"rows-to-json", rows_to_json},
      {"staging-memory",
       [](const Place& at) {
         return stage(std::make_shared<staging::MemoryProvider>(), Durability::memory, at);
       }},
      {"staging-mmap", stage_mapped},
      {"run-lines", whole_run}};
  return all;
}

int run(std::span<char*> words) {
  if (words.size() == 2 && std::string_view(words[1]) == "--list") {
    for (const auto& workload : workloads()) std::puts(workload.first.c_str());
    return 0;
  }
  // What is chosen by the processor decides how many instructions there are.
  if (words.size() == 2 && std::string_view(words[1]) == "--kernels") {
    std::puts(simdjson::get_active_implementation()->name().c_str());
    return 0;
  }
  require(words.size() == 5 && workloads().contains(words[3]), "usage: FOLDER PLUGINS WORKLOAD LAPS");
  const Place place{words[1], words[2]};
  fs::create_directories(place.folder);
  const Laps lap = workloads().at(words[3])(place);
  for (int left = std::atoi(words[4]); left > 0; --left) lap();
  return 0;
}

}  // namespace

}  // namespace sluice::bench

int main(int count, char** words) {
  try {
    return sluice::bench::run({words, static_cast<size_t>(count)});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "sluice_hot_paths: %s\n", failure.what());
    return 1;
  }
}
