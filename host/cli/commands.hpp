// The commands. Each gives the exit code of the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/request_input.hpp"
#include "host/cli/session.hpp"

namespace sluice::host::cli {

enum class RunCommand { run, export_stage, import_stage, resume };

struct RunArguments {
  RunCommand command = RunCommand::run;
  std::string request;  // a path, "-", or empty when flags say all
  RequestFlags flags;
  std::string checkpoint_file;
  bool strict = false;
  bool follow = false;  // import
};

struct ProveArguments {
  std::string request;
  uint64_t points = 200;  // 0: all
  uint64_t seed = 1;
  bool power_loss = false;
};
struct CutOffArguments {
  std::string request, answer, staging_folder, loss;
  uint64_t at = 0;
};

struct BenchArguments {
  std::string size = "256MiB";  // of the input
  int rounds = 3;
  std::vector<std::string> workloads;  // empty: all
  bool keep = false;
};

// run_command.cpp: run, export, import and resume
int run_command(Session& session, const RunArguments& arguments);
// endpoint_commands.cpp
int check_command(Session& session, const std::string& endpoint);
int units_command(Session& session, const std::string& endpoint);
int preview_command(Session& session, const std::string& endpoint, const std::string& unit, uint32_t records);
// plugins_command.cpp
int plugins_list_command(Session& session);
int plugins_retry_command(Session& session, const std::string& file);
int plugins_test_command(Session& session, const std::string& file);
int plugins_inspect_command(Session& session, const std::string& file_or_id);
// endpoints_command.cpp
int endpoints_list_command(Session& session);
int endpoints_describe_command(Session& session, const std::string& template_id);
// staging_command.cpp; an empty stage_ref is every session
int staging_list_command(Session& session);
int staging_check_command(Session& session, const std::string& stage_ref);
int staging_repair_command(Session& session, const std::string& stage_ref);
int staging_cat_command(Session& session, const std::string& stage_ref, std::optional<uint32_t> stream);
int staging_gc_command(Session& session, const StagingGcOptions& options);
// validate_command.cpp; the request is a path, "-" or empty
int validate_command(Session& session, const std::string& request);
// prove/prove_command.cpp
int prove_command(Session& session, const ProveArguments& arguments);
int cut_off_command(Session& session, const CutOffArguments& arguments);
// bench/bench_command.cpp
int bench_command(Session& session, const BenchArguments& arguments);
// doctor_command.cpp
int doctor_command(Session& session);
// version_command.cpp
int version_command(Session& session);

}  // namespace sluice::host::cli
