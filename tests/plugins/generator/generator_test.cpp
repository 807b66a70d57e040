#define BOOST_TEST_MODULE plugin_generator
#include "generator_source.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <sluice/testing/fake_host.hpp>

using namespace sluice;
using namespace sluice::testing;
using sluice::generator::GeneratorSource;

namespace {

using Lines = std::vector<std::string>;

// FNV-1a over all values: a digest that needs nothing, to pin what "the same bytes" means.
uint64_t digest(const Lines& values) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::string& value : values)
    for (char c : value) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

Lines documents(std::string_view config) {
  FakeHost host;
  SourceRun run = read_source<GeneratorSource>(host, config);
  BOOST_REQUIRE_MESSAGE(run.ok(), (run.error ? run.error->message() : ""));
  return run.documents();
}

}  // namespace

BOOST_AUTO_TEST_CASE(documents_are_json_objects_of_exactly_the_size_asked_for) {
  for (int size : {16, 17, 40, 63, 64, 65, 127, 128, 250, 251, 1000}) {
    const Lines all = documents(R"({"count":1001,"recordBytes":)" + std::to_string(size) + "}");
    BOOST_REQUIRE(all.size() == 1001u);
    for (size_t i = 0; i < all.size(); ++i) {
      BOOST_REQUIRE(all[i].size() == static_cast<size_t>(size));
      const Json record = Json::parse(all[i]);
      BOOST_REQUIRE(record.at("id").as_integer() == static_cast<int64_t>(i));
      BOOST_REQUIRE((record.find("hash") != nullptr) == (size >= 64));
    }
  }
}

BOOST_AUTO_TEST_CASE(records_never_change_between_versions) {
  BOOST_TEST(digest(documents(R"({"count":1000})")) == 8785995701083633473u);
  BOOST_TEST(digest(documents(R"({"count":1000,"seed":7,"recordBytes":100})")) == 13860686008412029545u);
}

BOOST_AUTO_TEST_CASE(another_seed_makes_other_records) {
  BOOST_TEST(documents(R"({"count":3,"seed":1})") != documents(R"({"count":3,"seed":2})"));
  std::set<std::string> hashes;
  for (const std::string& text : documents(R"({"count":5000})"))
    hashes.insert(Json::parse(text).at("hash").as_string());
  BOOST_TEST(hashes.size() == 5000u);
}

BOOST_AUTO_TEST_CASE(batches_end_at_records_and_at_bytes) {
  FakeHost host;
  SourceRun by_records = read_source<GeneratorSource>(host, R"({"count":25,"recordBytes":64})",
                                                      {.limits = {.max_batch_records = 10}});
  BOOST_TEST(by_records.frames().size() == 3u);
  BOOST_TEST(by_records.documents() == documents(R"({"count":25,"recordBytes":64})"));
  SourceRun by_bytes = read_source<GeneratorSource>(host, R"({"count":25,"recordBytes":100})",
                                                    {.limits = {.max_batch_bytes = 1000}});
  BOOST_TEST(by_bytes.frames().size() == 3u);
  BOOST_TEST(by_bytes.documents() == documents(R"({"count":25,"recordBytes":100})"));
}

BOOST_AUTO_TEST_CASE(a_resumed_read_goes_on_where_the_checkpoint_says) {
  FakeHost host;
  const std::string config = R"({"count":120,"recordBytes":80})";
  const Lines all = documents(config);
  for (int cut : {1, 9, 10, 99, 119}) {
    SourceRun first = read_source<GeneratorSource>(
        host, config,
        {.incremental = true, .limits = {.max_batch_records = 7, .max_records = static_cast<uint64_t>(cut)}});
    BOOST_TEST(first.checkpoint() == R"({"next":)" + std::to_string(cut) + "}");
    SourceRun second = read_source<GeneratorSource>(host, config, {.checkpoint = first.checkpoint()});
    Lines both = first.documents();
    for (const std::string& text : second.documents()) both.push_back(text);
    BOOST_TEST(both == all);
    BOOST_TEST(second.checkpoint() == R"({"next":120})");
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_new_at_the_end) {
  FakeHost host;
  SourceRun run = read_source<GeneratorSource>(host, R"({"count":10})", {.checkpoint = R"({"next":10})"});
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents().empty());
  BOOST_TEST(run.checkpoint() == R"({"next":10})");
}

BOOST_AUTO_TEST_CASE(slices_together_are_the_unit) {
  FakeHost host;
  const std::string config = R"({"count":1003,"recordBytes":70})";
  for (uint32_t wanted : {2u, 3u, 7u}) {
    const std::vector<Json> slices =
        make_source<GeneratorSource>(host, config).plan(wanted, {.checkpoint = R"({"next":3})"});
    BOOST_REQUIRE(slices.size() == wanted);
    Lines together;
    Json done = Json::array();
    for (const Json& slice : slices) {
      SourceRun run =
          read_source<GeneratorSource>(host, config, {.checkpoint = R"({"next":3})", .slice = slice.dump()});
      for (const std::string& text : run.documents()) together.push_back(text);
      done.push_back(Json::object({{"slice", slice}, {"checkpoint", Json::parse(run.checkpoint())}}));
    }
    Lines all = documents(config);
    all.erase(all.begin(), all.begin() + 3);
    BOOST_TEST(together == all);
    Json merged = make_source<GeneratorSource>(host, config).merge(Json::parse(R"({"next":3})"), done);
    BOOST_TEST(merged.dump() == R"({"next":1003})");
  }
}

BOOST_AUTO_TEST_CASE(a_gap_between_slices_is_where_the_next_run_begins) {
  FakeHost host;
  const Json slices = Json::parse(
      R"([{"slice":{"from":50,"to":100},"checkpoint":{"next":100}},{"slice":{"from":0,"to":50},"checkpoint":{"next":20}}])");
  BOOST_TEST(make_source<GeneratorSource>(host).merge(nullptr, slices).dump() == R"({"next":20})");
}

BOOST_AUTO_TEST_CASE(rows_have_every_type_and_do_not_depend_on_the_resume_point) {
  FakeHost host;
  SourceRun all = read_source<GeneratorSource>(host, R"({"count":50})", {.tables = true});
  BOOST_REQUIRE(all.ok());
  BOOST_TEST(all.rows().size() == 50u);
  std::set<std::string_view> types;
  for (uint32_t i = 0; i < all.writer->batch(0).column_count(); ++i)
    types.insert(to_string(all.writer->batch(0).column(i).type()));
  BOOST_TEST(types.size() == 7u);
  SourceRun rest =
      read_source<GeneratorSource>(host, R"({"count":50})", {.checkpoint = R"({"next":20})", .tables = true});
  Lines expected = all.rows();
  expected.erase(expected.begin(), expected.begin() + 20);
  BOOST_TEST(rest.rows() == expected);
  BOOST_TEST(digest(all.rows()) == 13315589788218100352u);
}

BOOST_AUTO_TEST_CASE(the_unit_says_what_is_coming) {
  FakeHost host;
  auto source = make_source<GeneratorSource>(host, R"({"count":20,"recordBytes":100})");
  const Json unit = source.unit("records");
  BOOST_TEST(unit.at("records").as_integer() == 20);
  BOOST_TEST(unit.at("bytes").as_integer() == 2000);
  BOOST_TEST(unit.at("contentType").as_string() == "application/json");
  SourceRun run = source.read();
  BOOST_TEST((run.writer->expected_bytes() == 2000u));
}

BOOST_AUTO_TEST_CASE(a_rate_makes_it_wait_through_the_host) {
  FakeHost host;
  SourceRun run = read_source<GeneratorSource>(host, R"({"count":6,"rate":500})");
  BOOST_TEST(run.documents().size() == 6u);
  BOOST_TEST(!host.waits().empty());
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_wait) {
  FakeHost host;
  host.cancel_at_question(3);
  SourceRun run = read_source<GeneratorSource>(host, R"({"count":10,"rate":0.001})");
  BOOST_TEST(run.code() == "E_CANCELLED");
}

BOOST_AUTO_TEST_CASE(a_wait_hands_over_what_is_there) {
  FakeHost host;
  host.cancel_at_question(3);
  SourceRun run = read_source<GeneratorSource>(host, R"({"count":10,"rate":0.001})",
                                               {.limits = {.max_batch_delay_ms = 0}});
  BOOST_TEST(run.documents().size() == 1u);
  BOOST_TEST(run.checkpoint() == R"({"next":1})");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused) {
  FakeHost host;
  auto code = [&](auto&& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return std::string();
  };
  BOOST_TEST(code([&] { make_source<GeneratorSource>(host, R"({"count":10000000000,"recordBytes":16})"); }) ==
             "E_CONFIG");
  BOOST_TEST(read_source<GeneratorSource>(host, "{}", {.unit_id = "other"}).code() == "E_UNIT_UNKNOWN");
  BOOST_TEST(read_source<GeneratorSource>(host, "{}", {.checkpoint = R"({"next":-1})"}).code() ==
             "E_CHECKPOINT");
}
