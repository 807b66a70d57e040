#include "host/config/quantity.hpp"

#include <limits>

#include "expect_error.hpp"

using namespace sluice;
using namespace sluice::host;
using namespace std::chrono_literals;
using test::expect_error;

BOOST_AUTO_TEST_SUITE(quantity)

BOOST_AUTO_TEST_CASE(durations_are_read_with_their_unit) {
  auto read = [](std::string_view text) { return parse_duration(text, "maxDelay").value().count(); };
  BOOST_TEST(read("500ms") == (500'000'000ns).count());
  BOOST_TEST(read("2m") == (120s / 1ns));
  BOOST_TEST(read("5s") == 5s / 1ns);
  BOOST_TEST(read("1h") == 1h / 1ns);
  BOOST_TEST(read("200us") == 200us / 1ns);
  BOOST_TEST(read("7ns") == 7);
  BOOST_TEST(read("1d") == 24h / 1ns);
  BOOST_TEST(read("1.5s") == 1500ms / 1ns);
  BOOST_TEST(read("0.25ms") == 250us / 1ns);
  BOOST_TEST(read("3 s") == 3s / 1ns);
  BOOST_TEST(read("0") == 0);
  BOOST_TEST(read("0s") == 0);
}

BOOST_AUTO_TEST_CASE(sizes_are_read_with_their_unit) {
  auto read = [](std::string_view text) { return parse_size(text, "maxBytes").value(); };
  BOOST_TEST(read("64MiB") == 64u << 20);
  BOOST_TEST(read("1GB") == 1'000'000'000u);
  BOOST_TEST(read("512KiB") == 512u << 10);
  BOOST_TEST(read("10B") == 10u);
  BOOST_TEST(read("1.5KiB") == 1536u);
  BOOST_TEST(read("2kb") == 2000u);
  BOOST_TEST(read("1TiB") == 1ull << 40);
  BOOST_TEST(read("0") == 0u);
}

BOOST_AUTO_TEST_CASE(json_values_are_read_as_text_or_zero) {
  BOOST_TEST(size_from(boost::json::value("1KiB"), "k").value() == 1024u);
  BOOST_TEST(size_from(boost::json::value(0), "k").value() == 0u);
  BOOST_TEST(duration_from(boost::json::value("2ms"), "k").value().count() == 2'000'000);
  expect_error(size_from(boost::json::value(5), "batch.maxBytes"), ErrorClass::config, "E_QUANTITY_INVALID",
               {"batch.maxBytes", "unit is missing", "64MiB"});
  expect_error(duration_from(boost::json::value(true), "commit.every"), ErrorClass::config,
               "E_QUANTITY_INVALID", {"commit.every", "text"});
}

BOOST_AUTO_TEST_CASE(what_is_no_quantity_is_refused_with_key_and_reason) {
  auto refused = [](std::string_view text, std::string_view reason) {
    expect_error(parse_duration(text, "timeout"), ErrorClass::config, "E_QUANTITY_INVALID",
                 {"timeout", reason, "500ms"});
    expect_error(parse_size(text, "maxBytes"), ErrorClass::config, "E_QUANTITY_INVALID",
                 {"maxBytes", reason, "64MiB"});
  };
  refused("", "begin with a number");
  refused("-5s", "begin with a number");
  refused("ms", "begin with a number");
  refused("5", "unit is missing");
  refused("5 parsecs", "unit is unknown");
  refused("5.s", "digit must follow");
  refused("1.0123456789s", "nine digits");
  refused("5 ", "unit is missing");
  refused("99999999999999999999s", "too large");
  expect_error(parse_duration("5M", "k"), ErrorClass::config, "E_QUANTITY_INVALID", {"unit is unknown"});
  expect_error(parse_size("0.1B", "k"), ErrorClass::config, "E_QUANTITY_INVALID", {"too small"});
}

BOOST_AUTO_TEST_CASE(the_largest_values_fit_and_one_more_does_not) {
  BOOST_TEST(parse_size("18446744073709551615B", "k").value() == std::numeric_limits<std::uint64_t>::max());
  expect_error(parse_size("18446744073709551616B", "k"), ErrorClass::config, "E_QUANTITY_INVALID",
               {"too large"});
  expect_error(parse_size("16777216TiB", "k"), ErrorClass::config, "E_QUANTITY_INVALID", {"too large"});
  BOOST_TEST(parse_duration("9223372036854775807ns", "k").value().count() ==
             std::numeric_limits<std::int64_t>::max());
  expect_error(parse_duration("9223372036854775808ns", "k"), ErrorClass::config, "E_QUANTITY_INVALID",
               {"too large"});
  expect_error(parse_duration("200000d", "k"), ErrorClass::config, "E_QUANTITY_INVALID", {"too large"});
}

BOOST_AUTO_TEST_CASE(sizes_are_shown_for_people) {
  BOOST_TEST(format_size(0) == "0 B");
  BOOST_TEST(format_size(1023) == "1023 B");
  BOOST_TEST(format_size(1024) == "1 KiB");
  BOOST_TEST(format_size(1536) == "1.5 KiB");
  BOOST_TEST(format_size((1u << 20) - 1) == "1 MiB");
  BOOST_TEST(format_size(64u << 20) == "64 MiB");
  BOOST_TEST(format_size(std::numeric_limits<std::uint64_t>::max()) == "16 EiB");
}

BOOST_AUTO_TEST_CASE(durations_are_shown_for_people) {
  BOOST_TEST(format_duration(0ns) == "0 s");
  BOOST_TEST(format_duration(12ns) == "12 ns");
  BOOST_TEST(format_duration(1500us) == "1.5 ms");
  BOOST_TEST(format_duration(350ms) == "350 ms");
  BOOST_TEST(format_duration(12340ms) == "12.3 s");
  BOOST_TEST(format_duration(125s) == "2 min 5 s");
  BOOST_TEST(format_duration(120s) == "2 min");
  BOOST_TEST(format_duration(3600s + 120s) == "1 h 2 min");
  BOOST_TEST(format_duration(59'990ms) == "1 min");
  BOOST_TEST(format_duration(-5ms) == "-5 ms");
  BOOST_TEST(format_duration(std::chrono::nanoseconds::min()) == "-2562047 h 47 min");
}

BOOST_AUTO_TEST_SUITE_END()
