// What a refused configuration must say.
#pragma once

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "host/result.hpp"

namespace sluice::host::test {

inline void expect_error(const Error& error, ErrorClass cls, std::string_view code,
                         const std::vector<std::string_view>& said) {
  BOOST_TEST(to_string(error.error_class()) == to_string(cls));
  BOOST_TEST(error.code() == code);
  std::string all = error.message() + " | " + error.where() + " | " + error.hint();
  for (std::string_view part : said) {
    BOOST_TEST_INFO(all);
    BOOST_TEST(all.find(part) != std::string::npos, "missing in the error: " << part);
  }
}

template <class T>
void expect_error(const Result<T>& result, ErrorClass cls, std::string_view code,
                  const std::vector<std::string_view>& said) {
  BOOST_TEST_REQUIRE(result.has_error());
  expect_error(result.error(), cls, code, said);
}

}  // namespace sluice::host::test
