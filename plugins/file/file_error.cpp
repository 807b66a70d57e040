#include "file_error.hpp"

#include <cerrno>
#include <system_error>

namespace sluice::file {

std::string errno_text(int error_number) {
  return std::error_code(error_number, std::generic_category()).message();
}

Error open_error(const std::string& path, const std::string& reason) {
  return Error(ErrorClass::system, "E_FILE_OPEN", "cannot open " + path + ": " + reason, path,
               "check the path and the permissions of the user that Sluice runs as");
}

Error open_error(const std::string& path, int error_number) {
  return open_error(path, errno_text(error_number));
}

Error folder_missing(const std::string& path) {
  return Error(ErrorClass::system, "E_FOLDER_MISSING", "there is no folder " + path, path,
               "create it, or correct the path in the endpoint's configuration");
}

Error read_error(const std::string& path, int error_number) {
  return Error(ErrorClass::system, "E_FILE_READ", "cannot read " + path + ": " + errno_text(error_number),
               path);
}

Error damaged_error(const std::string& path, uint64_t offset, const std::string& reason) {
  return Error(ErrorClass::damaged, "E_FILE_DAMAGED",
               path + " is damaged at byte " + std::to_string(offset) + ": " + reason, path,
               "get the file again from where it came");
}

Error write_error(const std::string& path, int error_number, uint64_t bytes) {
  if (error_number == ENOSPC || error_number == EDQUOT)
    return Error(
        ErrorClass::transient, "E_DISK_FULL",
        "no room for " + std::to_string(bytes) + " more bytes in " + path + ": " + errno_text(error_number),
        path, "free space on that file system or raise the quota");
  return Error(ErrorClass::system, "E_FILE_WRITE", "cannot write " + path + ": " + errno_text(error_number),
               path);
}

}  // namespace sluice::file
