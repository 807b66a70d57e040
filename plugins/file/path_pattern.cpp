#include "path_pattern.hpp"

#include <fnmatch.h>

namespace sluice::file {

bool has_glob(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string> path_segments(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) out.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out;
}

bool segment_fits(const std::string& segment, const std::string& name) {
  return fnmatch(segment.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

bool path_fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  // reached[i]: the path's names so far fit the first i segments of the pattern.
  std::vector<bool> reached(pattern.size() + 1, false);
  reached[0] = true;
  const auto pass_stars = [&] {
    for (size_t i = 0; i < pattern.size(); ++i)
      if (reached[i] && pattern[i] == "**") reached[i + 1] = true;
  };
  pass_stars();
  for (const std::string& name : path) {
    std::vector<bool> next(pattern.size() + 1, false);
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!reached[i]) continue;
      if (pattern[i] == "**")
        next[i] = next[i] || name.front() != '.';
      else if (segment_fits(pattern[i], name))
        next[i + 1] = true;
    }
    reached = std::move(next);
    pass_stars();
  }
  return reached.back();
}

}  // namespace sluice::file
