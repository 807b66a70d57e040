// What limits file to file: cat, simdjson alone; and the source that trusts its file.
#include <simdjson.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Every line of a part through simdjson's DOM parser, from memory.
void parse_lines(const char* at, const char* stop) {
  simdjson::dom::parser parser;
  while (at < stop) {
    const auto* newline = static_cast<const char*>(memchr(at, '\n', static_cast<size_t>(stop - at)));
    const char* end = newline ? newline : stop;
    // The text behind the line is readable: the padding that the parser wants.
    require(!parser.parse(at, static_cast<size_t>(end - at), false).error(), "simdjson refuses the input");
    at = end + 1;
  }
}

// The limit of validated NDJSON; the file is in memory before the clock starts.
double parse_alone(const std::string& path, bool in_two_threads) {
  auto loaded = simdjson::padded_string::load(path);
  require(!loaded.error(), "the input cannot be loaded");
  const simdjson::padded_string text = std::move(loaded).value_unsafe();
  const char *from = text.data(), *to = from + text.size();
  const char* middle = from + text.size() / 2;
  middle = static_cast<const char*>(memchr(middle, '\n', static_cast<size_t>(to - middle))) + 1;
  const auto begin = Clock::now();
  if (in_two_threads) {
    std::exception_ptr failure;
    std::thread second([&] {
      try {
        parse_lines(middle, to);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    parse_lines(from, middle);
    second.join();
    if (failure) std::rethrow_exception(failure);
  } else {
    parse_lines(from, to);
  }
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

void add_file_limits(Workload& work, const Setting& setting, const InputFile& input) {
  const double amount = static_cast<double>(input.bytes) / 1e9;
  const std::string output = setting.folder() + "/output";
  // Limits stand first, cp at their head.
  const auto after_cp = work.ways.begin() + 1;
  work.ways.insert(
      after_cp, {{"cat",
                  "cat",
                  Role::limit,
                  amount,
                  {"cp"},
                  [=]() -> host::Result<Lap> {
                    const auto lap = run_program({"cat", input.path}, {.input = {}, .output = output});
                    if (Status same = expect_same_bytes(input.path, output); !same.ok())
                      return std::move(same).take_error();
                    fs::remove(output);
                    return lap;
                  }},
                 {"simdjson", "simdjson alone, one thread", Role::limit, amount, {"cp"}, timed([=] {
                    return parse_alone(input.path, false);
                  })},
                 {"simdjson-2", "simdjson alone, two threads", Role::limit, amount, {"simdjson"}, timed([=] {
                    return parse_alone(input.path, true);
                  })}});
  // Slices of a unit help where the sink takes them as they come; a file takes one after the other.
  for (const int slices : {1, 2}) {
    HostRun counted;
    counted.source = "file.ndjson";
    counted.sink = "null";
    counted.source_config = {{"path", input.path}};
    counted.unit = fs::path(input.path).filename();
    counted.slices = slices;
    work.ways.push_back(
        {slices == 1 ? "ndjson-null" : "ndjson-null-2",
         slices == 1 ? "file.ndjson to null, memory" : "file.ndjson to null, memory, 2 slices", Role::product,
         amount, slices == 1 ? std::vector<std::string>{} : std::vector<std::string>{"ndjson-null"},
         [=, clock = setting.product.clock] { return clock->time(counted, input.records); }});
  }
  for (Way& way : work.ways)
    if (way.name.starts_with("ndjson-")) way.beside.insert(way.beside.begin(), "simdjson");
  HostRun trusting;
  trusting.source = trusting.sink = "file.ndjson";
  trusting.source_config = {{"path", input.path}, {"validate", "none"}};
  trusting.sink_config = {{"path", output}};
  trusting.unit = fs::path(input.path).filename();
  work.ways.push_back({"ndjson-none",
                       "file.ndjson, memory, validate: none",
                       Role::product,
                       amount,
                       {"cp"},
                       [=, clock = setting.product.clock]() -> host::Result<Lap> {
                         const auto lap = clock->time(trusting, input.records);
                         if (!lap) return lap;
                         if (Status same = expect_same_bytes(input.path, output); !same.ok())
                           return std::move(same).take_error();
                         fs::remove(output);
                         fs::remove(fs::path(output).parent_path() / ".output.sluice");
                         return lap;
                       }});
}

}  // namespace sluice::bench
