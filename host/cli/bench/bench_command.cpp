// bench: what Sluice does on this machine, beside what the machine does by itself; on input of its own.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>

#include "host/cli/bench/machine.hpp"
#include "host/cli/bench/product_workloads.hpp"
#include "host/cli/bench/report.hpp"
#include "host/cli/commands.hpp"
#include "host/config/quantity.hpp"

namespace sluice::host::cli {

namespace {

namespace fs = std::filesystem;
using namespace bench;

constexpr std::array<const char*, 3> workload_names{"file-to-file", "generator", "empty-run"};
constexpr uint64_t input_seed = 42, generated_record_bytes = 250;

Error refused(const std::string& what, const std::string& hint) {
  return {ErrorClass::config, "E_BENCH", what, "sluice bench", hint};
}

Status check(const BenchArguments& arguments) {
  if (arguments.rounds < 1 || arguments.rounds > 1000)
    return refused("--rounds is a number from 1 to 1000", "5 are enough for a median");
  for (const std::string& name : arguments.workloads)
    if (std::find(workload_names.begin(), workload_names.end(), name) == workload_names.end())
      return refused("there is no workload \"" + name + "\"",
                     "file-to-file, generator and empty-run are all");
  return {};
}

// The folder of one benchmark, gone with it unless it is to be kept.
class Scratch {
 public:
  explicit Scratch(bool keep)
      : keep_(keep), path_((fs::temp_directory_path() / "sluice-bench-XXXXXX").string()) {
    made_ = ::mkdtemp(path_.data()) != nullptr;
  }
  ~Scratch() { remove(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool made() const { return made_; }
  const std::string& path() const { return path_; }
  void remove() const {
    std::error_code ignored;
    if (made_ && !keep_) fs::remove_all(path_, ignored);
  }

 private:
  const bool keep_;
  std::string path_;
  bool made_ = false;
};

class Bench {
 public:
  Bench(Session& session, const BenchArguments& arguments, uint64_t bytes, const std::string& folder,
        const RunClock& clock)
      : session_(session), arguments_(arguments), bytes_(bytes), setting_{&clock, folder, program(), {}} {
    for (const std::string& plugins : session.console.options().plugin_folders)
      setting_.program_options.insert(setting_.program_options.end(), {"--plugins", plugins});
  }

  Result<std::vector<WorkloadResult>> run() {
    std::vector<WorkloadResult> results;
    for (const char* name : workload_names) {
      if (!wanted(name)) continue;
      Result<Workload> work = make(name);
      if (!work) return work.error();
      RoundOptions options{.rounds = arguments_.rounds, .on_step = {}, .is_cancelled = {}};
      options.on_step = [this](const std::string& step) { session_.console.note(step); };
      options.is_cancelled = [this] { return session_.signals.taken() > 0; };
      Result<WorkloadResult> result = measure(*work, options);
      if (!result) return result.error();
      results.push_back(std::move(*result));
    }
    return results;
  }

 private:
  static std::string program() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? "sluice" : self.string();
  }
  bool wanted(const std::string& name) const {
    const auto& names = arguments_.workloads;
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
  Result<Workload> make(const std::string& name) {
    if (name == "generator") return generator_to_null(setting_, generated_record_bytes, 4 * bytes_);
    if (name == "empty-run") return empty_run(setting_);
    session_.console.note("file-to-file: making the input");
    Result<InputFile> input = write_ndjson(setting_.folder + "/input.ndjson", bytes_, input_seed);
    if (!input) return input.error();
    return file_to_file(setting_, *input);
  }

  Session& session_;
  const BenchArguments& arguments_;
  const uint64_t bytes_;
  ProductSetting setting_;
};

json::object answer_of(const std::vector<WorkloadResult>& results, const Scratch& scratch,
                       const BenchArguments& arguments) {
  json::array workloads;
  for (const WorkloadResult& result : results) workloads.push_back(bench::to_json(result));
  const json::object version = parse_answer(Host::version().json);
  json::object answer{
      {"date", today()},
      {"machine", describe_machine(scratch.path())},
      {"versions", {{"sluice", at(version, "version")}, {"compiler", at(version, "compiler")}}},
      {"workloads", std::move(workloads)}};
  if (arguments.keep) answer["folder"] = scratch.path();
  return answer;
}

std::string text_of(const std::vector<WorkloadResult>& results, bool color) {
  std::string text;
  for (const WorkloadResult& result : results) text += (text.empty() ? "" : "\n") + to_text(result, color);
  return text;
}

}  // namespace

int bench_command(Session& session, const BenchArguments& arguments) {
  Console& console = session.console;
  if (Status status = check(arguments); !status.ok()) return console.failed(status.error());
  const Result<uint64_t> bytes = parse_size(arguments.size, "--size");
  if (!bytes) return console.failed(bytes.error());
  const Scratch scratch(arguments.keep);
  if (!scratch.made()) return console.failed(refused("no temporary folder can be made", "set TMPDIR"));
  HostOptions options = host_options(console.options());
  options.staging_folder = scratch.path() + "/staging";
  options.log = session.make_log(Severity::warning);
  const Cancellation cancellation;
  session.signals.run_begins(cancellation, [&scratch] { scratch.remove(); });
  const Host::Opened opened = Host::open(options);
  if (!opened.host) return console.failed(opened.failure);
  const RunClock clock(*opened.host, cancellation);
  const auto results = Bench(session, arguments, *bytes, scratch.path(), clock).run();
  // What fails after a signal fails because of it: programs that run beside get it too.
  const bool cancelled = session.signals.taken() > 0;
  const int forced = session.signals.run_ended();
  if (forced != 0) return exit_signal + forced;
  if (cancelled) {
    console.note("cancelled");
    return exit_cancelled;
  }
  if (!results) return console.failed(results.error());
  if (arguments.keep) console.note("input and staging are kept in " + scratch.path());
  if (console.options().json)
    return console.result(json::serialize(answer_of(*results, scratch, arguments)) + "\n", exit_done);
  return console.result(text_of(*results, console.terminal().out_color), exit_done);
}

}  // namespace sluice::host::cli
