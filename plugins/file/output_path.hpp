// Where a sink writes a unit: the configured file, or a file per unit in the configured folder.
#pragma once

#include <string>
#include <string_view>

#include "byte_input.hpp"

namespace sluice::file {

struct OutputPath {
  std::string path;  // links resolved
  Compression compression = Compression::none;

  std::string folder() const;
  std::string name() const;
  // A dot file beside it: `.<name><ending>`.
  std::string beside(std::string_view ending) const;
};

// `setting` is the endpoint's compression. Makes sub-folders below a configured folder, nothing else.
// E_FOLDER_MISSING, E_FILE_OPEN (the path is no regular file).
OutputPath output_path(const std::string& configured, const std::string& setting, std::string_view unit_id);

// A relative path that never leaves its folder: names that are empty, begin with a dot or hold control
// characters are percent-encoded, overlong ones cut and given a hash. Different ids give different paths.
std::string safe_unit_path(std::string_view unit_id);

// E_FOLDER_MISSING or E_FILE_OPEN when nothing could be written there.
void check_output(const std::string& configured);

}  // namespace sluice::file
