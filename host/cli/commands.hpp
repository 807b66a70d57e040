// The commands. Each gives the exit code of the process.
#pragma once

#include <cstdint>
#include <string>

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

// run_command.cpp: run, export, import and resume
int run_command(Session& session, const RunArguments& arguments);
// endpoint_commands.cpp
int check_command(Session& session, const std::string& endpoint);
int units_command(Session& session, const std::string& endpoint);
int preview_command(Session& session, const std::string& endpoint, const std::string& unit, uint32_t records);
// plugins_command.cpp
int plugins_list_command(Session& session);
int plugins_inspect_command(Session& session, const std::string& file_or_id);
// endpoints_command.cpp
int endpoints_list_command(Session& session);
int endpoints_describe_command(Session& session, const std::string& template_id);
// validate_command.cpp; the request is a path, "-" or empty
int validate_command(Session& session, const std::string& request);
// doctor_command.cpp
int doctor_command(Session& session);
// version_command.cpp
int version_command(Session& session);

}  // namespace sluice::host::cli
