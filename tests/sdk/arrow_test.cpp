// The Arrow hand-over without Arrow: what sanitizers shall see, and what a broken producer does. pyarrow has
// the last word on the rest (arrow_pyarrow_test.py).
#include "sluice/batch/arrow.hpp"

#include <boost/test/unit_test.hpp>

#include "sluice/testing/frames.hpp"

namespace sluice {

namespace {

using testing::FakeWriter;

const std::vector<Field> all_types{{"b", Type::boolean},   {"i", Type::int64},  {"f", Type::float64},
                                   {"u", Type::utf8},      {"x", Type::binary}, {"d", Type::date32},
                                   {"t", Type::timestamp}, {"j", Type::json}};

std::shared_ptr<const FrameBytes> table() {
  return std::make_shared<const FrameBytes>(testing::table_frame(
      all_types, {R"([true,1,1.5,"a","bb",3,4,{"k":1}])", "[null,null,null,null,null,null,null,null]"}));
}
struct Pair {
  ArrowSchema schema{};
  ArrowArray array{};

  explicit Pair(const std::shared_ptr<const FrameBytes>& frame) {
    export_to_arrow(BatchView(*frame), frame, &schema, &array);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    if (schema.release) schema.release(&schema);
    if (array.release) array.release(&array);
  }
};
std::string import_code(Pair& pair, FakeWriter& writer) {
  SourceWriter out(writer.abi());
  try {
    import_from_arrow(&pair.schema, &pair.array, out);
    return "";
  } catch (const Error& error) {
    return error.code();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arrow)

BOOST_AUTO_TEST_CASE(buffers_are_the_frame_itself) {
  const auto frame = table();
  Pair pair(frame);
  BOOST_REQUIRE(pair.array.n_children == 8);
  const auto* begin = frame->data();
  for (int64_t i = 0; i < 8; ++i) {
    const ArrowArray& column = *pair.array.children[i];
    for (int64_t buffer = 0; buffer < column.n_buffers; ++buffer) {
      const auto* at = static_cast<const std::byte*>(column.buffers[buffer]);
      BOOST_TEST((at > begin && at < begin + frame->size()));
    }
  }
  BOOST_TEST(std::string_view(pair.schema.children[6]->format) == "tsu:UTC");
  BOOST_TEST(std::string_view(pair.schema.children[7]->name) == "j");
}

BOOST_AUTO_TEST_CASE(a_child_may_outlive_its_parent) {
  auto frame = table();
  const std::weak_ptr<const FrameBytes> watched = frame;
  auto pair = std::make_unique<Pair>(frame);
  frame.reset();
  ArrowArray moved = *pair->array.children[1];
  pair->array.children[1]->release = nullptr;
  ArrowSchema moved_schema = *pair->schema.children[1];
  pair->schema.children[1]->release = nullptr;
  pair.reset();
  BOOST_TEST(!watched.expired());
  BOOST_TEST(static_cast<const int64_t*>(moved.buffers[1])[0] == 1);
  BOOST_TEST(std::string_view(moved_schema.name) == "i");
  moved.release(&moved);
  moved_schema.release(&moved_schema);
  BOOST_TEST(moved.release == nullptr);
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(a_table_goes_out_and_comes_back) {
  Pair pair(table());
  FakeWriter writer;
  BOOST_TEST(import_code(pair, writer) == "");
  BOOST_TEST(pair.schema.release == nullptr);
  BOOST_TEST(pair.array.release == nullptr);
  std::string before;
  append_row_json(BatchView(*table()), 0, before);
  BOOST_REQUIRE(writer.rows().size() == 2u);
  BOOST_TEST(writer.rows()[0] == before);
  for (uint32_t i = 0; i < 8; ++i) BOOST_TEST((writer.batch(0).column(i).type() == all_types[i].type));
}

BOOST_AUTO_TEST_CASE(delimited_documents_are_refused_and_nothing_is_left) {
  const auto frame = std::make_shared<const FrameBytes>(testing::chunk_frame("a\nb"));
  ArrowSchema schema;
  ArrowArray array;
  BOOST_CHECK_EXCEPTION(export_to_arrow(BatchView(*frame), frame, &schema, &array), Error,
                        [](const Error& error) { return error.code() == "E_ARROW_DELIMITED"; });
  BOOST_TEST(schema.release == nullptr);
  BOOST_TEST(array.release == nullptr);
  BOOST_TEST(frame.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_frame_without_records_is_an_empty_array) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  out.publish_checkpoint("{}");
  Pair pair(std::make_shared<const FrameBytes>(writer.frames()[0]));
  BOOST_TEST(pair.array.length == 0);
  BOOST_TEST(pair.array.n_children == 0);
}

BOOST_AUTO_TEST_CASE(a_producer_that_breaks_the_interface_is_refused) {
  const std::vector<std::function<void(Pair&)>> faults{
      [](Pair& pair) { pair.array.children[0]->n_buffers = 1; },
      [](Pair& pair) { pair.array.children[3]->n_buffers = 2; },
      [](Pair& pair) { pair.array.children[1]->length = 1; },
      [](Pair& pair) { pair.array.children[1]->offset = -1; },
      [](Pair& pair) { pair.array.children[1]->buffers[1] = nullptr; },
      [](Pair& pair) { pair.array.children[3]->buffers[2] = nullptr; },
      [](Pair& pair) { pair.array.length = -1; },
      [](Pair& pair) { pair.array.offset = 1; },
      [](Pair& pair) { pair.array.offset = INT64_MAX; },
      [](Pair& pair) {
        static constexpr int32_t descending[] = {5, 1, 1};
        pair.array.children[4]->buffers[1] = descending;
      }};
  for (const auto& fault : faults) {
    Pair pair(table());
    fault(pair);
    FakeWriter writer;
    BOOST_TEST(import_code(pair, writer) == "E_ARROW");
    BOOST_TEST(pair.array.release == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf8_is_a_rejected_row) {
  static constexpr char bytes[] = "\xFF!";
  Pair pair(table());
  pair.array.children[3]->buffers[2] = bytes;
  FakeWriter writer;
  BOOST_TEST(import_code(pair, writer) == "");
  BOOST_TEST(writer.records() == 1u);
  BOOST_REQUIRE(writer.rejections().size() == 1u);
  BOOST_TEST(writer.rejections()[0].where == "row 0");
  BOOST_TEST(writer.rejections()[0].reason.find("\"u\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
