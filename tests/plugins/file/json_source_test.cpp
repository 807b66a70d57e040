#include "json_source.hpp"

#include <boost/test/unit_test.hpp>

#include "json_array.hpp"
#include "temp_folder.hpp"

namespace sluice::file {

using testing::FakeHost, testing::read_source, testing::SourceRun, testing::ReadOptions;

namespace {

using Texts = std::vector<std::string>;

struct Fixture {
  FakeHost host;
  TempFolder folder;

  SourceRun read(std::string_view content, const std::string& pointer = "", const ReadOptions& options = {}) {
    return read_source<JsonSource>(
        host, config_with_path(folder.write("in.json", content), "\"pointer\":" + Json(pointer).dump()),
        options);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(json_sources, Fixture)

BOOST_AUTO_TEST_CASE(elements_are_documents_with_their_tokens_untouched) {
  const SourceRun run = read(
      " { \"x\": [0], \"a/b\" : {\"~\": [ {\"n\": 1.0e2, \"s\" : \"a \\u00e9 ]\"} , 12345678901234567890123, "
      "\"x\\\"\","
      " [ 1, [ 2 ] ], null ] } } ",
      "/a~1b/~0");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents() == (Texts{R"({"n":1.0e2,"s":"a \u00e9 ]"})", "12345678901234567890123",
                                       R"("x\"")", "[1,[2]]", "null"}));
}

BOOST_AUTO_TEST_CASE(pointers_lead_through_objects_and_arrays) {
  BOOST_TEST(read("[1,2]").documents() == (Texts{"1", "2"}));
  BOOST_TEST(read("[]").documents().empty());
  BOOST_TEST(read("[[1],[2,3]]", "/1").documents() == (Texts{"2", "3"}));
  BOOST_TEST(read(R"({"":[7]})", "/").documents() == Texts{"7"});
  BOOST_TEST(read(R"({"k\u0065y":[7]})", "/key").documents() == Texts{"7"});
  for (const char* pointer : {"/no", "/a/0", "/a", "a", "/b/2", "/b/00", "/b/x"})
    BOOST_TEST(read(R"({"a":1,"b":[[1],2]})", pointer).code() == "E_JSON_POINTER", pointer);
}

BOOST_AUTO_TEST_CASE(a_document_that_is_no_json_is_rejected) {
  for (const char* text : {"", "[1,", "[1]]", "[\"\xff\"]"}) {
    const SourceRun run = read(text);
    BOOST_TEST(run.ok());
    BOOST_TEST(run.rejections().at(0).code == "E_JSON_INVALID");
    BOOST_TEST(run.rejections().at(0).where == folder("in.json"));
  }
}

BOOST_AUTO_TEST_CASE(an_unchanged_file_gives_nothing_and_a_changed_one_everything) {
  const SourceRun first = read("[1,2]");
  BOOST_TEST(read("[1,2]", "", {.checkpoint = first.checkpoint()}).frames().empty());
  BOOST_TEST(read("[1,2,3]", "", {.checkpoint = first.checkpoint()}).documents() == (Texts{"1", "2", "3"}));
  BOOST_TEST(read("[1]", "", {.checkpoint = R"({"offset":1})"}).code() == "E_CHECKPOINT");
}

BOOST_AUTO_TEST_CASE(a_read_that_was_cut_off_goes_on_at_its_element) {
  ReadOptions options;
  options.limits.max_records = 2;
  const SourceRun first = read("[1,2,3,4]", "", options);
  BOOST_TEST(first.documents() == (Texts{"1", "2"}));
  BOOST_TEST(read("[1,2,3,4]", "", {.checkpoint = first.checkpoint()}).documents() == (Texts{"3", "4"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
