#include <boost/test/unit_test.hpp>

#include "temp_folder.hpp"
#include "text_source.hpp"

namespace sluice::file {

using testing::FakeHost, testing::make_source, testing::read_source, testing::SourceRun, testing::ReadOptions;

namespace {

struct Fixture {
  FakeHost host;
  TempFolder folder;

  // Reads every slice and gives their bytes one behind another; `merged` takes the unit's checkpoint.
  template <class Source>
  std::string read_slices(const std::vector<Json>& slices, const Json& before, Json& merged) {
    const std::string config = config_with_path(folder("in.txt"));
    std::string read;
    Json done = Json::array();
    for (size_t i = 0; i < slices.size(); ++i) {
      ReadOptions options{.incremental = true, .slice = slices[i].dump()};
      options.slice_index = static_cast<uint32_t>(i);
      options.slice_count = static_cast<uint32_t>(slices.size());
      if (!before.is_null()) options.checkpoint = before.dump();
      options.limits.max_batch_bytes = 1000;
      const SourceRun run = read_source<Source>(host, config, options);
      BOOST_TEST_REQUIRE(run.ok());
      BOOST_TEST(run.rejections().empty());
      BOOST_TEST_REQUIRE(!run.checkpoint().empty());
      read += all_bytes(run);
      done.push_back(Json::object({{"slice", slices[i]}, {"checkpoint", Json::parse(run.checkpoint())}}));
    }
    merged = make_source<Source>(host, config).merge(before, done);
    return read;
  }
};

std::vector<Json> cut(uint64_t begin, uint64_t end, std::vector<uint64_t> cuts) {
  std::vector<Json> out;
  cuts.push_back(end);
  std::sort(cuts.begin(), cuts.end());
  bool first = true;
  for (uint64_t to : cuts) {
    out.push_back(Slice{begin, to, std::exchange(first, false)}.to_json());
    begin = to;
  }
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(text_slices, Fixture)

BOOST_AUTO_TEST_CASE(slices_cover_each_line_once_wherever_they_are_cut) {
  std::mt19937 random(5);
  for (int round = 0; round < 150; ++round) {
    const std::string content = random_text(random, 1 + random() % 3000);
    folder.write("in.txt", content);
    std::vector<uint64_t> cuts;
    for (uint32_t i = 0; i < round % 6u; ++i) cuts.push_back(random() % (content.size() + 1));
    Json merged;
    const std::string read = read_slices<LinesSource>(cut(0, content.size(), cuts), nullptr, merged);
    BOOST_REQUIRE(read == content);
    const SourceRun whole = read_source<LinesSource>(host, config_with_path(folder("in.txt")));
    BOOST_REQUIRE(merged.dump() == whole.checkpoint());
  }
}

BOOST_AUTO_TEST_CASE(slices_of_ndjson_keep_blank_lines_and_every_record) {
  std::mt19937 random(6);
  for (int round = 0; round < 100; ++round) {
    std::string content;
    for (int i = 0; i < 60; ++i)
      content += (random() % 4 ? "" : "\n") + std::string("{\"n\":") + std::to_string(i) + "}\n";
    folder.write("in.txt", content);
    Json merged;
    const std::vector<uint64_t> cuts{random() % content.size(), random() % content.size()};
    BOOST_REQUIRE(read_slices<NdjsonSource>(cut(0, content.size(), cuts), nullptr, merged).size() <=
                  content.size());
    BOOST_REQUIRE(merged.at("offset").as_integer() == static_cast<int64_t>(content.size()));
  }
}

BOOST_AUTO_TEST_CASE(a_line_over_several_slices_belongs_to_the_first) {
  const std::string content = "a\n" + std::string(5000, 'x') + "\nb";
  folder.write("in.txt", content);
  Json merged;
  BOOST_TEST(read_slices<LinesSource>(cut(0, content.size(), {1000, 2000, 3000}), nullptr, merged) ==
             content);
  BOOST_TEST(merged.at("offset").as_integer() == static_cast<int64_t>(content.size()));
}

BOOST_AUTO_TEST_CASE(plans_divide_what_lies_behind_the_checkpoint) {
  std::string content;
  for (int i = 0; i < 100000; ++i) content += std::to_string(i) + "\n";
  folder.write("in.txt", content);
  const std::string config = config_with_path(folder("in.txt"));
  ReadOptions part;
  part.limits.max_records = 1000;
  const SourceRun first = read_source<LinesSource>(host, config, part);
  const Json before = Json::parse(first.checkpoint());
  auto source = make_source<LinesSource>(host, config);
  const std::vector<Json> plan = source.plan(4, {.checkpoint = first.checkpoint()});
  BOOST_TEST_REQUIRE(plan.size() == 4u);
  BOOST_TEST(plan[0].at("begin").as_integer() == before.at("offset").as_integer());
  Json merged;
  BOOST_TEST((all_bytes(first) + read_slices<LinesSource>(plan, before, merged) == content));
  BOOST_TEST(merged.at("line").as_integer() == 100000);
  const SourceRun rest = read_source<LinesSource>(host, config, {.checkpoint = merged.dump()});
  BOOST_TEST(rest.frames().empty());
}

BOOST_AUTO_TEST_CASE(a_slice_goes_on_from_its_own_checkpoint) {
  std::string content;
  for (int i = 0; i < 1000; ++i) content += std::to_string(i) + "\n";
  folder.write("in.txt", content);
  const std::string config = config_with_path(folder("in.txt")), slice = R"({"begin":1000,"end":2000})";
  ReadOptions options{.slice = slice};
  const std::string whole = all_bytes(read_source<LinesSource>(host, config, options));
  options.limits.max_records = 10;
  const SourceRun first = read_source<LinesSource>(host, config, options);
  const SourceRun rest =
      read_source<LinesSource>(host, config, {.checkpoint = first.checkpoint(), .slice = slice});
  BOOST_TEST((all_bytes(first) + all_bytes(rest) == whole));
}

BOOST_AUTO_TEST_CASE(small_files_and_compressed_ones_are_not_divided) {
  folder.write("in.txt", "a\nb\n");
  BOOST_TEST(make_source<LinesSource>(host, config_with_path(folder("in.txt"))).plan(4).empty());
  folder.write("in.gz", "");
  BOOST_TEST(make_source<LinesSource>(host, config_with_path(folder("in.gz"))).plan(4).empty());
}

BOOST_AUTO_TEST_CASE(with_threads_for_one_read_there_are_no_slices) {
  folder.write("in.txt", std::string(1 << 20, '\n'));
  auto source = testing::make_source<NdjsonSource>(host, config_with_path(folder("in.txt")));
  BOOST_TEST(source.plan(2).size() == 2u);
  BOOST_TEST(source.plan(2, {.threads = 2}).empty());
}

BOOST_AUTO_TEST_CASE(nonsense_slices_are_refused) {
  folder.write("in.txt", "a\nb\n");
  for (const char* slice : {R"({"begin":3,"end":1})", R"({"begin":-1,"end":1})", R"({"from":1})"})
    BOOST_TEST(!read_source<LinesSource>(host, config_with_path(folder("in.txt")), {.slice = slice}).ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
