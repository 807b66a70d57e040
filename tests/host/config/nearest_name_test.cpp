#include "host/config/nearest_name.hpp"

#include <map>

#include "expect_error.hpp"

using namespace sluice::host;

BOOST_AUTO_TEST_SUITE(nearest)

BOOST_AUTO_TEST_CASE(one_slip_is_found) {
  const std::vector<std::string_view> known{"maxRecords", "maxBytes", "maxDelay", "path"};
  BOOST_TEST(nearest_name("maxRecord", known).value() == "maxRecords");
  BOOST_TEST(nearest_name("maxBtyes", known).value() == "maxBytes");
  BOOST_TEST(nearest_name("max_bytes", known).value() == "maxBytes");
  BOOST_TEST(nearest_name("MAXDELAY", known).value() == "maxDelay");
  BOOST_TEST(nearest_name("paht", known).value() == "path");
}

BOOST_AUTO_TEST_CASE(what_is_far_is_not_proposed) {
  const std::vector<std::string_view> known{"maxRecords", "path", "a"};
  BOOST_TEST(!nearest_name("colour", known));
  BOOST_TEST(!nearest_name("b", known));
  BOOST_TEST(!nearest_name("", known));
  BOOST_TEST(!nearest_name("path", {}));
  BOOST_TEST(!nearest_name(std::string(10'000, 'p'), known));
}

BOOST_AUTO_TEST_CASE(the_nearest_of_several_wins) {
  BOOST_TEST(nearest_name("filter", {"fitter", "filters", "folder"}).value() == "fitter");
  BOOST_TEST(nearest_name("sqllite", {"sqlserver", "sqlite"}).value() == "sqlite");
}

BOOST_AUTO_TEST_CASE(the_question_is_ready_for_a_hint) {
  const std::map<std::string, int> endpoints{{"events", 1}, {"lake", 2}};
  BOOST_TEST(did_you_mean("event", names_of(endpoints)) == "did you mean \"events\"?");
  BOOST_TEST(did_you_mean("warehouse", names_of(endpoints)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
