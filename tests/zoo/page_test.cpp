// docs/plugin-refusals.md says of each animal what the host says of it.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>
#include <string>

#include "animals.hpp"

namespace sluice::zoo {
namespace {

std::string cell(const Answer& answer) {
  if (answer.sentence == not_tried.sentence) return "-";
  if (!answer.code) return answer.sentence;
  if (std::string_view(answer.code).empty()) return "no harm";
  return "`" + std::string(answer.code) + "`: " + answer.sentence;
}

std::string row(const Animal& animal) {
  return "| " + std::string(animal.does) + " | " + cell(animal.apart) + " | " + cell(animal.inside) + " |";
}

// The rows of the table below the heading.
std::set<std::string> rows_of_page() {
  std::ifstream page(ZOO_PAGE);
  std::set<std::string> rows;
  bool below = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) below = line == "## What a plugin does wrong in a run";
    if (below && line.starts_with("| ") && !line.starts_with("| what it does ")) rows.insert(line);
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_page_says_what_the_host_says) {
  std::set<std::string> rows = rows_of_page();
  for (const auto animals : {source_animals(), sink_animals()})
    for (const Animal& animal : animals)
      BOOST_TEST(rows.erase(row(animal)) == 1u, "missing in the page: " << row(animal));
  for (const std::string& rest : rows) BOOST_ERROR("stands in the page, and no animal does so: " << rest);
}

BOOST_AUTO_TEST_CASE(there_are_enough_animals) {
  std::set<std::string> libraries;
  for (const auto animals : {source_animals(), sink_animals()})
    for (const Animal& animal : animals) libraries.insert(animal.library);
  BOOST_TEST(libraries.size() >= 25u);
}

}  // namespace sluice::zoo
