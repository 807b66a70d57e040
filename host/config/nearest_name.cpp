#include "host/config/nearest_name.hpp"

#include <algorithm>
#include <array>

namespace sluice::host {
namespace {

// Names longer than this are not compared: the work per name stays bounded.
constexpr std::size_t max_name = 64;

char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Edits between two names of at most max_name letters (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, max_name + 1>;
  Row before_last{}, last{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      char x = fold(a[i - 1]), y = fold(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0u : 1u)});
      if (i > 1 && j > 1 && x == fold(b[j - 2]) && fold(a[i - 2]) == y)
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view wrong, const std::vector<std::string_view>& known) {
  if (wrong.empty() || wrong.size() > max_name) return std::nullopt;
  std::size_t limit = std::clamp<std::size_t>(wrong.size() / 3, 1, 3);
  std::optional<std::string_view> best;
  for (std::string_view name : known) {
    if (name.size() > max_name || name.size() > wrong.size() + limit || wrong.size() > name.size() + limit)
      continue;
    std::size_t edits = distance(wrong, name);
    // A name with nothing in common is not near, however short both are.
    if (edits > limit || edits >= std::max(name.size(), wrong.size())) continue;
    if (edits == 0) return std::string(name);
    best = name;
    limit = edits - 1;
  }
  if (!best) return std::nullopt;
  return std::string(*best);
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known) {
  auto name = nearest_name(wrong, known);
  return name ? "did you mean \"" + *name + "\"?" : std::string();
}

}  // namespace sluice::host
