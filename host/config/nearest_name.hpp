// The known name that somebody who mistyped most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::host {

// The nearest of `known` by edits (insert, delete, replace, swap of neighbours), letter case ignored; the
// first of equals. Nothing when more than a third of the letters (at least one, at most three) would have to
// change.
std::optional<std::string> nearest_name(std::string_view wrong, const std::vector<std::string_view>& known);

// `did you mean "x"?`, or an empty text when nothing is near: fit for the hint of an Error.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known);

// The names of a map, a set or a list of texts, as the functions above take them; views into `container`.
template <class Container>
std::vector<std::string_view> names_of(const Container& container) {
  std::vector<std::string_view> names;
  names.reserve(container.size());
  for (const auto& entry : container) {
    if constexpr (requires { entry.first; }) {
      names.emplace_back(entry.first);
    } else if constexpr (requires { entry.key(); }) {
      names.emplace_back(entry.key());
    } else {
      names.emplace_back(entry);
    }
  }
  return names;
}

}  // namespace sluice::host
