// Glob patterns over relative paths: *, ?, [...] inside a name, ** for any number of folders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::file {

bool has_glob(std::string_view text);

// "a//b/" is {"a", "b"}.
std::vector<std::string> path_segments(std::string_view path);

// Whether one name fits one segment of a pattern. Names that begin with a dot fit only a segment that does
// too.
bool segment_fits(const std::string& segment, const std::string& name);

// Whether the segments of a relative path fit the pattern's.
bool path_fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path);

}  // namespace sluice::file
