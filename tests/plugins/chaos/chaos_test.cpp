#define BOOST_TEST_MODULE plugin_chaos
#include <boost/test/unit_test.hpp>
#include <sluice/testing/fake_host.hpp>

#include "chaos_sink.hpp"
#include "chaos_source.hpp"

using namespace sluice;
using namespace sluice::testing;
using sluice::chaos::ChaosSink;
using sluice::chaos::ChaosSource;
using Chaos = Both<ChaosSource, ChaosSink>;

namespace {

std::string error_code(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(source)

BOOST_AUTO_TEST_CASE(reads_well_when_nothing_is_asked) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"records":3,"recordBytes":10})");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents() ==
             (std::vector<std::string>{R"({"n":0   })", R"({"n":1   })", R"({"n":2   })"}));
  BOOST_TEST(run.checkpoint() == R"({"next":3})");
  SourceRun rows = read_source<Chaos>(host, R"({"records":2})", {.tables = true});
  BOOST_TEST(rows.rows() == (std::vector<std::string>{R"({"n":0})", R"({"n":1})"}));
}

BOOST_AUTO_TEST_CASE(fails_at_the_record_with_everything_before_handed_over) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"action":"fail","at":40})");
  BOOST_TEST(run.code() == "E_CHAOS");
  BOOST_TEST(run.documents().size() == 40u);
  BOOST_TEST(run.checkpoint() == R"({"next":40})");
}

BOOST_AUTO_TEST_CASE(fails_at_the_end_too) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"records":5,"action":"fail","at":5})");
  BOOST_TEST(run.code() == "E_CHAOS");
  BOOST_TEST(run.documents().size() == 5u);
}

BOOST_AUTO_TEST_CASE(fails_for_some_time) {
  FakeHost host;
  const char* config = R"({"records":10,"action":"transient","at":4,"times":2,"key":"source-test"})";
  for (int i = 0; i < 2; ++i) {
    SourceRun run = read_source<Chaos>(host, config);
    BOOST_TEST(run.code() == "E_CHAOS_TRANSIENT");
    BOOST_TEST(run.error->transient());
  }
  BOOST_TEST(read_source<Chaos>(host, config).documents().size() == 10u);
}

BOOST_AUTO_TEST_CASE(throws_what_is_no_sluice_error) {
  FakeHost host;
  BOOST_TEST(read_source<Chaos>(host, R"({"action":"throw"})").code() == "E_PLUGIN_THREW");
}

BOOST_AUTO_TEST_CASE(publishes_what_is_no_frame) {
  FakeHost host;
  BOOST_TEST(read_source<Chaos>(host, R"({"action":"malformed","at":2})").code() == "E_FRAME_MALFORMED");
}

BOOST_AUTO_TEST_CASE(publishes_a_frame_that_lies) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"action":"lie","at":2})");
  BOOST_TEST(run.code() == "E_FRAME_MALFORMED");
  BOOST_TEST(run.error->message().find("offsets descend") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(makes_a_record_that_no_frame_can_hold) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"records":5,"action":"too-large","at":2})");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents().size() == 4u);
  BOOST_REQUIRE(run.rejections().size() == 1u);
  BOOST_TEST(run.rejections()[0].code == "E_RECORD_TOO_LARGE");
}

BOOST_AUTO_TEST_CASE(stalls_and_goes_on) {
  FakeHost host;
  SourceRun run = read_source<Chaos>(host, R"({"records":5,"action":"stall","at":2,"stallMs":1500})");
  BOOST_TEST(run.documents().size() == 5u);
  BOOST_REQUIRE(host.waits().size() == 1u);
  BOOST_TEST(host.waits()[0].count() == 1500);
}

BOOST_AUTO_TEST_CASE(hangs_until_cancelled) {
  FakeHost host;
  host.cancel_at_question(5);
  SourceRun run = read_source<Chaos>(host, R"({"records":5,"action":"hang","at":2})");
  BOOST_TEST(run.code() == "E_CANCELLED");
  BOOST_TEST(run.documents().size() == 2u);
  BOOST_TEST(host.waits().size() == 5u);
}

BOOST_AUTO_TEST_CASE(acts_in_the_slice_that_has_the_record) {
  FakeHost host;
  const char* config = R"({"records":10,"action":"fail","at":7})";
  const std::vector<Json> slices = make_source<Chaos>(host, config).plan(2);
  BOOST_REQUIRE(slices.size() == 2u);
  BOOST_TEST(read_source<Chaos>(host, config, {.slice = slices[0].dump()}).documents().size() == 5u);
  BOOST_TEST(read_source<Chaos>(host, config, {.slice = slices[1].dump()}).code() == "E_CHAOS");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sink)

BOOST_AUTO_TEST_CASE(counts_when_nothing_is_asked) {
  FakeHost host;
  SinkRun sink = make_sink<Chaos>(host);
  BOOST_TEST(!sink.open());
  sink.write({"a", "b"});
  BOOST_TEST(sink.totals().written == 2u);
  BOOST_TEST((sink.commit() == Reached::durable));
}

BOOST_AUTO_TEST_CASE(fails_in_the_call_that_was_named) {
  FakeHost host;
  SinkRun in_open = make_sink<Chaos>(host, R"({"action":"fail","where":"open"})");
  BOOST_TEST(error_code([&] { in_open.open(); }) == "E_CHAOS");

  SinkRun in_write = make_sink<Chaos>(host, R"({"action":"fail","at":3})");
  in_write.open();
  in_write.write({"0", "1"});
  BOOST_TEST(error_code([&] { in_write.write({"2", "3"}); }) == "E_CHAOS");

  SinkRun in_commit = make_sink<Chaos>(host, R"({"action":"fail","where":"commit","at":1})");
  in_commit.open();
  in_commit.write({"0"});
  in_commit.commit(false);
  BOOST_TEST(error_code([&] { in_commit.commit(true); }) == "E_CHAOS");
}

BOOST_AUTO_TEST_CASE(a_transient_failure_may_be_tried_again) {
  FakeHost host;
  SinkRun sink = make_sink<Chaos>(host, R"({"action":"transient","key":"sink-test"})");
  sink.open();
  BOOST_TEST(error_code([&] { sink.write({"0"}); }) == "E_CHAOS_TRANSIENT");
  BOOST_TEST(sink.write({"0"}).written == 1u);
}

BOOST_AUTO_TEST_CASE(rejects_every_third) {
  FakeHost host;
  SinkRun sink = make_sink<Chaos>(host, R"({"action":"reject","every":3})");
  sink.open();
  sink.write({"0", "1"});
  sink.write({"2", "3", "4", "5"});
  BOOST_REQUIRE(sink.rejections().size() == 2u);
  BOOST_TEST(sink.rejections()[0].record == 0u);
  BOOST_TEST(sink.rejections()[1].record == 3u);
  BOOST_TEST(sink.totals().written == 4u);
}

BOOST_AUTO_TEST_CASE(miscounts) {
  FakeHost host;
  SinkRun sink = make_sink<Chaos>(host, R"({"action":"garbage-counts"})");
  sink.open();
  BOOST_TEST(error_code([&] { sink.write({"0"}); }) == "E_PLUGIN_ANSWER");
}

BOOST_AUTO_TEST_CASE(actions_of_the_other_role_are_refused) {
  FakeHost host;
  BOOST_TEST(error_code([&] { make_sink<Chaos>(host, R"({"action":"lie"})"); }) == "E_CONFIG");
  BOOST_TEST(error_code([&] { make_source<Chaos>(host, R"({"action":"reject"})"); }) == "E_CONFIG");
}

BOOST_AUTO_TEST_SUITE_END()
