// Values of one size, many at a time: the batches are those that one at a time gives.
#include <boost/test/unit_test.hpp>

#include "sluice/testing/frames.hpp"

namespace sluice {

namespace {

using testing::FakeWriter;
using testing::WriterLimits;

constexpr uint32_t records = 3000;
constexpr size_t slack = 64;

void write_one(char* to, uint32_t index, size_t size) {
  std::memset(to, 'a' + static_cast<int>(index % 26), size);
  std::memset(to + size, '#', slack);
}

// Frames of `records` values; the position is the number of records before it.
void fill(FakeWriter& writer, size_t size, bool runs) {
  SourceWriter out(writer.abi());
  uint32_t next = 0;
  DocumentBuilder builder(out, [&] { return Json::object({{"next", next}}); });
  try {
    while (next < records) {
      const DocumentBuilder::Run run = runs ? builder.reserve_run(size, records - next, slack)
                                            : DocumentBuilder::Run{builder.reserve(size + slack), 1};
      if (!run.to) {
        ++next;
        continue;
      }
      BOOST_REQUIRE(run.count > 0);
      for (uint32_t i = 0; i < run.count; ++i) write_one(run.to + i * size, next + i, size);
      if (runs)
        builder.commit_run(run.count, size);
      else
        builder.commit(size);
      next += run.count;
    }
    builder.flush();
  } catch (const StopReading&) {
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(document_runs)

BOOST_AUTO_TEST_CASE(batches_are_those_of_single_records) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{250}, size_t{5000}})
    for (const uint32_t most : {1u, 10u, 255u, 256u, 1000u})
      for (const uint64_t bytes : {uint64_t{1}, uint64_t{2500}, uint64_t{70000}, uint64_t{1} << 20})
        for (const uint64_t limit : {uint64_t{777}, uint64_t{UINT64_MAX}}) {
          WriterLimits limits{.max_batch_records = most, .max_batch_bytes = bytes};
          limits.max_records = limit;
          FakeWriter singly(limits), together(limits);
          fill(singly, size, false);
          fill(together, size, true);
          BOOST_REQUIRE(singly.frames().size() == together.frames().size());
          for (size_t i = 0; i < singly.frames().size(); ++i)
            BOOST_REQUIRE(singly.frames()[i] == together.frames()[i]);
        }
}

BOOST_AUTO_TEST_CASE(what_no_frame_holds_is_rejected_once) {
  FakeWriter writer({.max_frame_bytes = 60000});
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  BOOST_TEST(builder.reserve_run(100000, 5).count == 0u);
  BOOST_TEST(writer.rejections().size() == 1u);
}

BOOST_AUTO_TEST_CASE(records_with_columns_beside_them_come_one_by_one) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  builder.append(Document{.value = "one", .key = "k"});
  BOOST_TEST(builder.reserve_run(3, 100).count == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
