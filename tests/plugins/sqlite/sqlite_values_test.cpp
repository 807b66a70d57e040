#include <boost/test/unit_test.hpp>

#include "calendar.hpp"
#include "column_types.hpp"
#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite;

namespace {

std::string timestamp(int64_t micros) {
  char text[calendar_text_size];
  return {text, write_timestamp(micros, text)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sqlite_values)

BOOST_AUTO_TEST_CASE(dates_survive_the_way_there_and_back) {
  char text[calendar_text_size];
  for (int32_t day = -719528; day <= 2932896; day += 97) {
    BOOST_REQUIRE(write_date(day, text) == 10u);
    BOOST_REQUIRE((read_date({text, 10}) == day));
  }
  BOOST_TEST(write_date(-719529, text) == 0u);
  BOOST_TEST(write_date(2932897, text) == 0u);
}

BOOST_AUTO_TEST_CASE(timestamps_survive_the_way_there_and_back) {
  BOOST_TEST(timestamp(0) == "1970-01-01T00:00:00Z");
  BOOST_TEST(timestamp(-1) == "1969-12-31T23:59:59.999999Z");
  for (int64_t micros = -62167219200000000; micros < 253402300800000000; micros += 123456789012347)
    BOOST_REQUIRE((read_timestamp(timestamp(micros)) == micros));
}

BOOST_AUTO_TEST_CASE(timestamps_are_read_in_the_forms_that_sqlite_writes) {
  const int64_t noon = 1767268800000000;
  for (const char* text :
       {"2026-01-01 12:00", "2026-01-01T12:00:00", "2026-01-01 12:00:00.000",
        "2026-01-01T12:00:00.000000000Z", "2026-01-01T13:30:00+01:30", "2026-01-01 07:00-05:00"})
    BOOST_TEST((read_timestamp(text) == noon), text);
  BOOST_TEST((read_timestamp("2026-01-01") == noon - int64_t{12} * 3600 * 1000000));
  BOOST_TEST((read_timestamp("2026-01-01T12:00:00.5Z") == noon + 500000));
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_refused) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-01-01T", "2026-01-01T24:00", "2026-01-01T12:60",
        "2026-01-01T12:00:61", "2026-01-01T12:00:00.", "2026-01-01T12:00:00.0000001", "26-01-01",
        "2026-01-01T12:00x", "2026-01-01T12:00+1", "2026-01-01T12:00+01:00x", "now"})
    BOOST_TEST(!read_timestamp(text), text);
  for (const char* text : {"", "2026-1-1", "2026-02-30", "2026-01-01 ", "x"})
    BOOST_TEST(!read_date(text), text);
}

BOOST_AUTO_TEST_CASE(declared_types_are_understood_as_sqlite_does) {
  for (Type type : {Type::boolean, Type::int64, Type::float64, Type::utf8, Type::binary, Type::date32,
                    Type::timestamp, Type::json})
    BOOST_TEST((type_of_declared(declared_type(type)) == type));
  BOOST_TEST((type_of_declared("varchar(20)") == Type::utf8));
  BOOST_TEST((type_of_declared("unsigned big int") == Type::int64));
  BOOST_TEST((type_of_declared("DECIMAL(10,5)") == Type::float64));
  BOOST_TEST((type_of_declared("datetime") == Type::timestamp));
  BOOST_TEST(!type_of_declared(""));
  BOOST_TEST(!type_of_declared("UUID"));
}

BOOST_AUTO_TEST_CASE(a_wait_is_a_duration) {
  testing::FakeHost host;
  const auto wait = [&](const char* text) {
    return Settings(Context(host.abi(), "sqlite", Json::object({{"path", "x"}, {"busyTimeout", text}})))
        .busy_timeout.count();
  };
  BOOST_TEST(wait("500ms") == 500);
  BOOST_TEST(wait("5s") == 5000);
  BOOST_TEST(wait("2m") == 120000);
  for (const char* text : {"5", "s", "-1s", "5 s", "99999999999999999999s"})
    BOOST_TEST(sqlite_test::error_code([&] { wait(text); }) == "E_CONFIG", text);
}

BOOST_AUTO_TEST_SUITE_END()
