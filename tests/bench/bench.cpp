// The benchmarks of `make bench`: each workload in turn with its limit in the same loop, outputs verified,
// medians and ratios printed. usage: sluice_bench SLUICE FOLDER [MiB] [ROUNDS]
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <simdjson.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "input.hpp"
#include "sluice/host/host.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct Measured {
  std::vector<double> seconds;
  long peak_kib = 0;
  double median() const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Runs a program to its end; its standard output goes nowhere. Throws when it fails.
void run_program(const std::vector<std::string>& words, Measured& to) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto begin = Clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) < 0) throw std::runtime_error("cannot run " + words[0]);
  to.seconds.push_back(seconds_since(begin));
  to.peak_kib = std::max(to.peak_kib, usage.ru_maxrss);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(words[0] + " failed");
}

void expect_same(const std::string& a, const std::string& b) {
  Measured ignored;
  run_program({"cmp", a, b}, ignored);
}

// Every line through simdjson's DOM parser on one thread, from memory: the limit of validated NDJSON.
double simdjson_alone(const std::string& path) {
  auto loaded = simdjson::padded_string::load(path);
  const simdjson::padded_string text = std::move(loaded).value_unsafe();
  const auto begin = Clock::now();
  simdjson::dom::parser parser;
  size_t at = 0;
  while (at < text.size()) {
    const void* end = memchr(text.data() + at, '\n', text.size() - at);
    const size_t stop = end ? static_cast<size_t>(static_cast<const char*>(end) - text.data()) : text.size();
    if (parser.parse(text.data() + at, stop - at, false).error())
      throw std::runtime_error("simdjson refuses the input");
    at = stop + 1;
  }
  return seconds_since(begin);
}

struct Setting {
  std::string sluice, folder, config;
  uint64_t mib = 1024;
  int rounds = 5;
};

// Memory that was given back to a virtual machine's host is slow at its first use. A copy made and removed
// right before gives every program the same warm pages to write into.
void settle(const Setting& setting, const std::string& input) {
  const std::string scratch = setting.folder + "/scratch";
  std::filesystem::copy_file(input, scratch, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(scratch);
}

// Runs in a process of its own, so that what it takes of memory is not counted to others; gives what it
// returned.
double in_a_child(const Setting& setting, const std::function<double()>& work) {
  const std::string answer = setting.folder + "/answer";
  const pid_t child = fork();
  if (child == 0) {
    std::ofstream(answer) << work();
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
    throw std::runtime_error("a measuring child failed");
  double seconds = 0;
  std::ifstream(answer) >> seconds;
  return seconds;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

void print_row(const char* name, double seconds, double gb, const std::string& ratio, long peak_kib) {
  std::printf("%-42s %8.3f s %8.2f GB/s  %-34s %s\n", name, seconds, gb / seconds, ratio.c_str(),
              peak_kib > 0 ? (std::to_string(peak_kib / 1024) + " MiB peak").c_str() : "");
}

std::string times(double ratio, const char* of) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f of %s", ratio, of);
  return text;
}

void file_to_file(const Setting& setting) {
  const std::string input = setting.folder + "/input.ndjson";
  const uint64_t records = sluice::bench::write_ndjson(input, setting.mib << 20, 42);
  const double gb = static_cast<double>(std::filesystem::file_size(input)) / 1e9;
  std::printf("file to file: %llu records, %.2f GB, %d rounds after a warm-up\n",
              static_cast<unsigned long long>(records), gb, setting.rounds);
  Measured copy, lines, mapped, mapped_grown, ndjson, trusted, parse;
  auto sluice = [&](const std::string& template_id, Measured& to, const char* staging = "memory",
                    const char* mode = "FULL") {
    const std::string output = setting.folder + "/out-" + template_id;
    settle(setting, input);
    run_program({setting.sluice, "run", "-q", "--config", setting.config, "--endpoint", template_id, "--unit",
                 "input.ndjson", "--sink", template_id + "-out", "--mode", mode, "--staging", staging},
                to);
    expect_same(input, output);
    std::filesystem::remove(output);
    // A file that is appended to has a marker beside it.
    std::filesystem::remove(setting.folder + "/.out-" + template_id + ".sluice");
  };
  for (int round = 0; round <= setting.rounds; ++round) {
    settle(setting, input);
    run_program({"cp", input, setting.folder + "/copy"}, copy);
    std::filesystem::remove(setting.folder + "/copy");
    sluice("lines", lines);
    sluice("lines", mapped, "mmap");
    sluice("lines", mapped_grown, "mmap", "INCREMENTAL");
    sluice("trusted", trusted);
    sluice("ndjson", ndjson);
    parse.seconds.push_back(in_a_child(setting, [&] { return simdjson_alone(input); }));
    // The first round warms caches and memory.
    if (round == 0)
      for (Measured* measured : {&copy, &lines, &mapped, &mapped_grown, &ndjson, &trusted, &parse})
        *measured = {};
  }
  print_row("cp", copy.median(), gb, "", 0);
  print_row("file.lines -> memory -> file.lines", lines.median(), gb,
            times(copy.median() / lines.median(), "cp"), lines.peak_kib);
  print_row("file.lines -> mmap os -> file.lines", mapped.median(), gb,
            times(copy.median() / mapped.median(), "cp"), mapped.peak_kib);
  print_row("the same, appending (INCREMENTAL)", mapped_grown.median(), gb,
            times(copy.median() / mapped_grown.median(), "cp"), mapped_grown.peak_kib);
  print_row("file.ndjson, validate none", trusted.median(), gb, times(copy.median() / trusted.median(), "cp"),
            trusted.peak_kib);
  print_row("simdjson alone, DOM, one thread", parse.median(), gb, "", 0);
  print_row("file.ndjson, every line validated", ndjson.median(), gb,
            times(parse.median() / ndjson.median(), "simdjson alone"), ndjson.peak_kib);
}

// Runs inside one warm host. Gives seconds.
double warm_run(sluice::host::Host& host, const std::string& request) {
  const auto begin = Clock::now();
  const sluice::host::Reply reply = host.run(request);
  const double seconds = seconds_since(begin);
  if (!reply.ok()) throw std::runtime_error(reply.json);
  return seconds;
}

void inside_a_host(const Setting& setting) {
  sluice::host::HostOptions options;
  options.config_file = setting.config;
  options.use_environment = false;
  options.default_plugin_folder =
      std::filesystem::path(setting.sluice).parent_path() / "../lib/sluice/plugins";
  auto opened = sluice::host::Host::open(options);
  if (!opened.host) throw std::runtime_error(opened.failure.json);
  const std::string generate =
      R"({"endpointId":"generator","unitId":"records","sinkEndpointId":"null","policy":{"mode":"FULL"}})";
  const std::string nothing =
      R"({"endpointId":"generator","unitId":"records","sinkEndpointId":"null","checkpoint":{"next":20000000}})";
  Measured generator, empty;
  for (int round = 0; round <= setting.rounds; ++round) {
    generator.seconds.push_back(warm_run(*opened.host, generate));
    for (int i = 0; i < 50; ++i) empty.seconds.push_back(warm_run(*opened.host, nothing));
    if (round == 0) generator = empty = {};
  }
  std::printf("%-42s %8.3f s %8.1f million records/s of 250 bytes\n", "generator -> memory -> null",
              generator.median(), 20.0 / generator.median());
  std::printf("%-42s %8.3f ms\n", "empty run in a warm host", empty.median() * 1000);
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fprintf(stderr, "usage: sluice_bench SLUICE FOLDER [MiB] [ROUNDS]\n");
    return 2;
  }
  Setting setting{std::filesystem::absolute(words[1]), std::filesystem::absolute(words[2]), "", 1024, 5};
  if (count > 3) setting.mib = std::strtoull(words[3], nullptr, 10);
  if (count > 4) setting.rounds = std::atoi(words[4]);
  try {
    std::filesystem::create_directories(setting.folder);
    setting.config = setting.folder + "/sluice.yaml";
    const std::string at = setting.folder;
    write_file(setting.config, "version: 1\nstaging: { mmap: { dir: \"" + at +
                                   "/staging\" } }\nendpoints:\n"
                                   "  lines: { template: file.lines, config: { path: \"" +
                                   at +
                                   "/input.ndjson\" } }\n"
                                   "  lines-out: { template: file.lines, config: { path: \"" +
                                   at +
                                   "/out-lines\" } }\n"
                                   "  ndjson: { template: file.ndjson, config: { path: \"" +
                                   at +
                                   "/input.ndjson\" } }\n"
                                   "  ndjson-out: { template: file.ndjson, config: { path: \"" +
                                   at +
                                   "/out-ndjson\" } }\n"
                                   "  trusted: { template: file.ndjson, config: { path: \"" +
                                   at +
                                   "/input.ndjson\", validate: none } }\n"
                                   "  trusted-out: { template: file.ndjson, config: { path: \"" +
                                   at +
                                   "/out-trusted\" } }\n"
                                   "  generator: { template: generator, config: { count: 20000000 } }\n"
                                   "  \"null\": { template: \"null\" }\n");
    file_to_file(setting);
    inside_a_host(setting);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "sluice_bench: %s\n", failure.what());
    return 1;
  }
  std::filesystem::remove_all(setting.folder);
  return 0;
}
