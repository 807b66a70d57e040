// What the operating system refused, as errors that name the path, the reason and the way out.
#pragma once

#include <sluice/error.hpp>
#include <string>

namespace sluice::file {

// E_FILE_OPEN, system: missing, no permission, not a regular file.
Error open_error(const std::string& path, const std::string& reason);
Error open_error(const std::string& path, int error_number);
// E_FOLDER_MISSING, system.
Error folder_missing(const std::string& path);
// E_FILE_READ, system.
Error read_error(const std::string& path, int error_number);
// E_FILE_DAMAGED, damaged: compressed bytes that do not decompress. `offset` counts the file's own bytes.
Error damaged_error(const std::string& path, uint64_t offset, const std::string& reason);
// E_DISK_FULL, transient, when there was no room for `bytes`; else E_FILE_WRITE, system.
Error write_error(const std::string& path, int error_number, uint64_t bytes);

std::string errno_text(int error_number);

}  // namespace sluice::file
