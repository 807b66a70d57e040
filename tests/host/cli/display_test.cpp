// Tables, quantities and the bar, without a process around them.
#define BOOST_TEST_MODULE cli_display
#include <boost/test/unit_test.hpp>

#include "host/cli/progress_bar.hpp"
#include "host/cli/quantities.hpp"
#include "host/cli/table.hpp"
#include "host/cli/terminal.hpp"

namespace sluice::host::cli {
namespace {

using std::chrono::milliseconds;

Progress halfway() {
  Progress progress;
  progress.unit_id = "2026-11.ndjson";
  progress.records_read = 120000;
  progress.bytes_read = 50 << 20;
  progress.bytes_expected = 100 << 20;
  progress.staging_used = 12;
  progress.staging_capacity = 100;
  progress.elapsed = milliseconds(5000);
  return progress;
}

BOOST_AUTO_TEST_SUITE(display)

BOOST_AUTO_TEST_CASE(quantities_change_their_unit_at_the_right_place) {
  BOOST_TEST(human_bytes(0) == "0 B");
  BOOST_TEST(human_bytes(1023) == "1023 B");
  BOOST_TEST(human_bytes(1024) == "1.0 KiB");
  BOOST_TEST(human_bytes((1 << 20) - 1) == "1.0 MiB");
  BOOST_TEST(human_bytes(UINT64_MAX) == "16.0 EiB");
  BOOST_TEST(grouped(0) == "0");
  BOOST_TEST(grouped(999) == "999");
  BOOST_TEST(grouped(1000) == "1,000");
  BOOST_TEST(grouped(UINT64_MAX) == "18,446,744,073,709,551,615");
  BOOST_TEST(human_duration(milliseconds(999)) == "999 ms");
  BOOST_TEST(human_duration(milliseconds(12345)) == "12.3 s");
  BOOST_TEST(human_duration(milliseconds(125000)) == "2 m 05 s");
  BOOST_TEST(human_duration(milliseconds(3600000)) == "1 h 00 m");
  BOOST_TEST(clock_time(milliseconds(67000)) == "1:07");
  BOOST_TEST(clock_time(milliseconds(3723000)) == "1:02:03");
}

BOOST_AUTO_TEST_CASE(columns_line_up_whatever_the_script) {
  Table table({"UNIT", "SIZE", "EMPTY", "TITLE"});
  table.align_right(1);
  table.add({"日本.csv", "5 B", "", "a"});
  table.add({"über.csv", "12.0 KiB", "", ""});
  table.add({"e\xcc\x81", "1 B"});
  BOOST_TEST(table.text(false) ==
             "UNIT          SIZE  TITLE\n"
             "日本.csv       5 B  a\n"
             "über.csv  12.0 KiB\n"
             "e\xcc\x81              1 B\n");
}

BOOST_AUTO_TEST_CASE(cells_cannot_drive_the_terminal) {
  Table table;
  table.add({"a\x1b[2J", "b\nc"});
  BOOST_TEST(table.text(false) == "a\\x1b[2J  b\\nc\n");
}

BOOST_AUTO_TEST_CASE(the_bar_never_takes_more_than_the_width) {
  for (unsigned width = 1; width < 200; ++width)
    BOOST_TEST(display_width(progress_text(halfway(), 10 << 20, "draining", width)) <= width);
}

BOOST_AUTO_TEST_CASE(the_numbers_come_before_the_bar) {
  const std::string narrow = progress_text(halfway(), 10 << 20, "", 79);
  for (const char* part : {"50 %", "50.0 MiB", "120,000 records", "10.0 MiB/s", "staging 12 %", "ETA 0:05"})
    BOOST_TEST(narrow.find(part) != std::string::npos, narrow);
  const std::string wide = progress_text(halfway(), 10 << 20, "", 140);
  BOOST_TEST(wide.find("2026-11.ndjson  [============>           ] 50 %  50.0 MiB of 100.0 MiB") == 0u, wide);
}

BOOST_AUTO_TEST_CASE(a_source_that_does_not_know_its_size_has_no_bar_and_no_eta) {
  Progress progress = halfway();
  progress.bytes_expected = 0;
  const std::string text = progress_text(progress, 10 << 20, "", 140);
  BOOST_TEST(text == "2026-11.ndjson  50.0 MiB  120,000 records  10.0 MiB/s  staging 12 %  0:05");
}

BOOST_AUTO_TEST_CASE(a_file_that_grew_is_not_more_than_whole) {
  Progress progress = halfway();
  progress.bytes_read = 300 << 20;
  const std::string text = progress_text(progress, 10 << 20, "", 140);
  BOOST_TEST(text.find("100 %") != std::string::npos, text);
  BOOST_TEST(text.find("ETA 0:00") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(the_rate_follows_and_survives_a_step_back) {
  RateMeter meter;
  BOOST_TEST(meter.update(1000, milliseconds(1000)) == 1000.0);
  BOOST_TEST(meter.update(4000, milliseconds(2000)) == 2000.0);  // half way to 3000
  BOOST_TEST(meter.update(0, milliseconds(3000)) == 1000.0);
  BOOST_TEST(meter.update(0, milliseconds(3001)) == 1000.0);  // too soon to tell
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::host::cli
