// docs/plugin-refusals.md says what the host says.
#define BOOST_TEST_MODULE host_plugin
#include "host/plugin/refusal.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <string>

namespace sluice::host {
namespace {

// The table's rows: | `E_CODE` | sentence | way out |
std::map<std::string, std::pair<std::string, std::string>> rows_of_page() {
  std::ifstream page(REFUSALS_PAGE);
  std::map<std::string, std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `E_")) continue;
    size_t code_end = line.find("` | "), sentence_end = line.find(" | ", code_end + 4),
           end = line.rfind(" |");
    if (code_end == std::string::npos || sentence_end == std::string::npos) continue;
    rows[line.substr(3, code_end - 3)] = {line.substr(code_end + 4, sentence_end - code_end - 4),
                                          line.substr(sentence_end + 3, end - sentence_end - 3)};
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refusal)

BOOST_AUTO_TEST_CASE(every_kind_stands_in_its_place) {
  for (size_t i = 0; i < refusal_kinds.size(); ++i) {
    BOOST_TEST(static_cast<size_t>(refusal_kinds[i].kind) == i);
    BOOST_TEST(refusal_kinds[i].code.starts_with("E_PLUGIN_"));
  }
}

BOOST_AUTO_TEST_CASE(the_page_lists_the_codes_in_use_and_no_others) {
  auto rows = rows_of_page();
  for (const RefusalKind& kind : refusal_kinds) {
    auto row = rows.find(std::string(kind.code));
    BOOST_REQUIRE_MESSAGE(row != rows.end(), kind.code << " is missing in the page");
    BOOST_TEST(row->second.first == kind.sentence);
    BOOST_TEST(row->second.second == kind.hint);
    rows.erase(row);
  }
  for (const auto& [code, rest] : rows) BOOST_ERROR(code << " stands in the page and is not in use");
}

BOOST_AUTO_TEST_CASE(an_error_carries_path_sentence_detail_and_hint) {
  Error error = refuse(Refusal::machine, "/plugins/x.so", "it is for ARM");
  BOOST_TEST(error.code() == "E_PLUGIN_MACHINE");
  BOOST_TEST(error.where() == "/plugins/x.so");
  BOOST_TEST(error.message() == "the library is built for another machine: it is for ARM");
  BOOST_TEST(!error.hint().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
