#include "host/run/exit_code.hpp"

#include <array>
#include <string_view>

namespace sluice::host {

namespace {

// Codes that speak of the machine around us, whoever found out.
constexpr std::array environment_codes{"E_FILE_OPEN",
                                       "E_FOLDER_MISSING",
                                       "E_FILE_READ",
                                       "E_FILE_WRITE",
                                       "E_DISK_FULL",
                                       "E_CONFIG_MISSING",
                                       "E_CONFIG_UNREADABLE",
                                       "E_DEAD_LETTER",
                                       "E_LOCK",
                                       "E_STAGING_FULL",
                                       "E_STAGING_CAP",
                                       "E_PLUGIN_FOLDER",
                                       "E_OUT_OF_MEMORY",
                                       "E_PERMISSION",
                                       "E_UNREACHABLE",
                                       "E_THREADS",
                                       "E_STAGING_DISK_FULL",
                                       "E_STAGING_READ_ONLY",
                                       "E_STAGING_PERMISSION",
                                       "E_STAGING_LIMIT",
                                       "E_STAGING_IO",
                                       "E_STAGING_FILESYSTEM"};

bool is_environment(std::string_view code) {
  for (std::string_view known : environment_codes)
    if (code == known) return true;
  return false;
}

}  // namespace

int exit_code_of(const Error& error, bool moving) {
  const std::string_view code = error.code();
  if (code == "E_INTERNAL" || code == "E_RECONCILIATION") return exit_internal;
  if (code == "E_REJECTED") return exit_records_rejected;
  if (code == "E_UNIT_BUSY" || code == "E_STAGE_BUSY") return exit_rejected_request;
  if (code == "E_FRAME_DAMAGED" || code == "E_STAGE_NOTE" ||
      (code.starts_with("E_STAGING_") && error.error_class() == ErrorClass::damaged))
    return exit_staging_damaged;
  if (code == "E_FENCED") return exit_rejected_request;
  if (is_environment(code)) return exit_environment;
  switch (error.error_class()) {
    case ErrorClass::cancelled:
      return exit_cancelled;
    case ErrorClass::config:
      return moving ? exit_plugin_failed : exit_rejected_request;
    case ErrorClass::damaged:
      return exit_plugin_failed;
    case ErrorClass::transient:
    case ErrorClass::system:
      break;
  }
  return moving || code.starts_with("E_PLUGIN") ? exit_plugin_failed : exit_environment;
}

}  // namespace sluice::host
