// check_frame stands between a plugin's bytes and everything that trusts them.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>

#include "sluice/batch/seal.hpp"
#include "sluice/batch/table_json.hpp"
#include "sluice/testing/frames.hpp"

namespace sluice {

namespace {

using testing::chunk_frame;
using testing::documents_frame;
using testing::table_frame;

const std::vector<Field> all_types{{"b", Type::boolean},   {"i", Type::int64},  {"f", Type::float64},
                                   {"u", Type::utf8},      {"x", Type::binary}, {"d", Type::date32},
                                   {"t", Type::timestamp}, {"j", Type::json}};

FrameBytes table() {
  return table_frame(all_types,
                     {R"([true,1,1.5,"a","bb",3,4,{"k":1}])", "[null,null,null,null,null,null,null,null]",
                      R"([false,-1,0.5,"","c",-3,-4,[]])"});
}
FrameBytes documents() {
  return documents_frame(std::vector<Document>{
      {.value = "one", .key = "k1", .event_time = 5, .headers = "{}"}, {.value = "", .is_delete = true}});
}

template <class T>
T get(const FrameBytes& frame, size_t offset) {
  return detail::load<T>(frame.data() + offset);
}
template <class T>
void put(FrameBytes& frame, size_t offset, T value) {
  std::memcpy(frame.data() + offset, &value, sizeof value);
}
void change_header(FrameBytes& frame, const std::function<void(sluice_frame_header&)>& change) {
  auto header = get<sluice_frame_header>(frame, 0);
  change(header);
  put(frame, 0, header);
}
void change_column(FrameBytes& frame, uint32_t index,
                   const std::function<void(sluice_frame_column&)>& change) {
  const size_t offset = sizeof(sluice_frame_header) + index * sizeof(sluice_frame_column);
  auto column = get<sluice_frame_column>(frame, offset);
  change(column);
  put(frame, offset, column);
}
void require_refused(const FrameBytes& frame, std::string_view reason) {
  Status status = check_frame(frame);
  BOOST_REQUIRE_MESSAGE(!status.ok(), "accepted although: " + std::string(reason));
  BOOST_TEST(status.error().code() == "E_FRAME_MALFORMED");
  BOOST_TEST((status.error().error_class() == ErrorClass::damaged));
  BOOST_TEST(status.error().message().find(reason) != std::string::npos, status.error().message()
                                                                             << " does not say: " << reason);
}

// Reads everything that a view can give; sanitizers watch.
size_t read_all(const BatchView& batch) {
  size_t sum = batch.checkpoint().size();
  for (uint32_t i = 0; i < batch.column_count(); ++i) {
    const ColumnView column = batch.column(i);
    for (char c : column.name()) sum += static_cast<unsigned char>(c);
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (column.is_null(row)) ++sum;
      if (variable_width(column.type()))
        for (char c : column.text(row)) sum += static_cast<unsigned char>(c);
      else if (column.type() == Type::boolean)
        sum += column.boolean(row);
      else if (column.type() == Type::date32)
        sum += static_cast<uint32_t>(column.date32(row));
      else
        sum += static_cast<uint64_t>(column.int64(row));
    }
  }
  if (!batch.is_table()) {
    const DocumentsView documents(batch);
    sum += documents.all_bytes().size();
    for (uint32_t row = 0; row < batch.size(); ++row) {
      for (char c : documents.value(row)) sum += static_cast<unsigned char>(c);
      sum += documents.key(row).value_or("").size() + documents.headers(row).value_or("").size() +
             static_cast<uint64_t>(documents.event_time(row).value_or(0)) + documents.is_delete(row);
    }
  } else {
    std::string text;
    for (uint32_t row = 0; row < batch.size(); ++row) append_row_json(batch, row, text);
    sum += text.size();
  }
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frames)

BOOST_AUTO_TEST_CASE(what_the_builders_make_is_well_formed) {
  for (const FrameBytes& frame : {table(), documents(), chunk_frame("a\nb\n"), chunk_frame("a\nb"),
                                  documents_frame(std::vector<std::string>{})}) {
    BOOST_TEST(check_frame(frame).ok());
    BOOST_TEST(reinterpret_cast<uintptr_t>(frame.data()) % 64 == 0u);
    BOOST_TEST(read_all(BatchView(frame)) > 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_broken_header_is_refused) {
  using H = sluice_frame_header;
  const std::vector<std::pair<const char*, std::function<void(H&)>>> changes{
      {"magic", [](H& h) { h.magic ^= 1; }},
      {"version", [](H& h) { h.version = 2; }},
      {"kind", [](H& h) { h.kind = 0; }},
      {"kind", [](H& h) { h.kind = 3; }},
      {"header_size", [](H& h) { h.header_size = 64; }},
      {"header_size", [](H& h) { h.header_size = 0xFFFFFF80u; }},
      {"frame_size", [](H& h) { h.frame_size += 64; }},
      {"frame_size", [](H& h) { h.frame_size -= 64; }},
      {"frame_size", [](H& h) { h.frame_size = 0; }},
      {"too many columns", [](H& h) { h.column_count = SLUICE_FRAME_MAX_COLUMNS + 1; }},
      {"directory is cut", [](H& h) { h.column_count = SLUICE_FRAME_MAX_COLUMNS; }},
      {"records without a column", [](H& h) { h.column_count = 0; }},
      {"cut off", [](H& h) { h.record_count = 0x7FFFFFFF; }},
      {"cut off", [](H& h) { h.record_count = 0xFFFFFFFF; }},
      {"checkpoint",
       [](H& h) {
         h.checkpoint = {0, 1};
       }},
      {"checkpoint",
       [](H& h) {
         h.checkpoint = {128, 1};
       }},
      {"checkpoint",
       [](H& h) {
         h.checkpoint = {static_cast<uint32_t>(h.frame_size), 1};
       }},
      {"checkpoint",
       [](H& h) {
         h.checkpoint = {0xFFFFFFFF, 0xFFFFFFFF};
       }},
      {"checkpoint",
       [](H& h) {
         h.checkpoint = {1024, SLUICE_CHECKPOINT_MAX_BYTES + 1};
       }},
      {"flags contradict", [](H& h) { h.flags = SLUICE_FRAME_LAST_UNDELIMITED; }},
      {"unknown flags", [](H& h) { h.flags = 4; }},
      {"unknown flags", [](H& h) { h.flags = 0x80000000u; }},
  };
  for (const auto& [reason, change] : changes) {
    FrameBytes frame = table();
    change_header(frame, change);
    require_refused(frame, reason);
  }
}

BOOST_AUTO_TEST_CASE(a_broken_directory_is_refused) {
  using C = sluice_frame_column;
  const std::vector<std::tuple<uint32_t, const char*, std::function<void(C&)>>> changes{
      {0, "role", [](C& c) { c.role = SLUICE_COLUMN_VALUE; }},
      {0, "type is unknown", [](C& c) { c.type = 0; }},
      {0, "type is unknown", [](C& c) { c.type = 9; }},
      {0, "outside",
       [](C& c) {
         c.name = {0xFFFFFFFF, 1};
       }},
      {0, "outside",
       [](C& c) {
         c.name = {4, 2};
       }},
      {0, "outside",
       [](C& c) {
         c.validity = {64, 1};
       }},
      {1, "outside", [](C& c) { c.data.size = 0xFFFFFFFF; }},
      {1, "outside", [](C& c) { c.data.offset = 0xFFFFFFC0u; }},
      {1, "not aligned", [](C& c) { c.data.offset += 8; }},
      {1, "not aligned", [](C& c) { c.validity.offset += 1; }},
      {3, "not aligned", [](C& c) { c.offsets.offset += 4; }},
      {1, "data is cut off", [](C& c) { c.data.size -= 1; }},
      {0, "data is cut off", [](C& c) { c.data.size = 0; }},
      {3, "offsets are cut off", [](C& c) { c.offsets.size -= 1; }},
      {3, "offsets are cut off",
       [](C& c) {
         c.offsets = {0, 0};
       }},
      {4, "offsets reach outside", [](C& c) { c.data.size -= 1; }},
      {1, "more nulls", [](C& c) { c.null_count = 4; }},
      {1, "null_count is wrong", [](C& c) { c.null_count = 2; }},
      {1, "validity is cut off",
       [](C& c) {
         c.validity = {0, 0};
       }},
  };
  for (const auto& [index, reason, change] : changes) {
    FrameBytes frame = table();
    change_column(frame, index, change);
    require_refused(frame, reason);
  }
}

BOOST_AUTO_TEST_CASE(offsets_must_ascend) {
  FrameBytes frame = table();
  const auto column = BatchView(frame).column(4).entry();
  put<uint32_t>(frame, column.offsets.offset + 4, 0xFFFFFFF0u);
  require_refused(frame, "offsets descend");
  put<uint32_t>(frame, column.offsets.offset, 0xFFFFFFFFu);
  put<uint32_t>(frame, column.offsets.offset + 4, 0xFFFFFFFFu);
  put<uint32_t>(frame, column.offsets.offset + 8, 0xFFFFFFFFu);
  put<uint32_t>(frame, column.offsets.offset + 12, 0xFFFFFFFFu);
  require_refused(frame, "offsets reach outside");
}

BOOST_AUTO_TEST_CASE(names_are_utf8_and_stand_once) {
  FrameBytes frame = table();
  const sluice_range first = BatchView(frame).column(0).entry().name;
  change_column(frame, 5, [&](sluice_frame_column& c) { c.name = first; });
  require_refused(frame, "two columns are named \"b\"");
  frame = table();
  frame[first.offset] = std::byte{0xC0};
  require_refused(frame, "not UTF-8");
}

BOOST_AUTO_TEST_CASE(document_columns_must_be_what_their_role_says) {
  using C = sluice_frame_column;
  const std::vector<std::tuple<uint32_t, const char*, std::function<void(C&)>>> changes{
      {0, "value must stand first", [](C& c) { c.role = SLUICE_COLUMN_KEY; }},
      {1, "value must stand first", [](C& c) { c.role = SLUICE_COLUMN_VALUE; }},
      {1, "role is unknown", [](C& c) { c.role = SLUICE_COLUMN_FIELD; }},
      {1, "role is unknown", [](C& c) { c.role = 6; }},
      {2, "role stands twice", [](C& c) { c.role = SLUICE_COLUMN_KEY; }},
      {0, "type does not belong", [](C& c) { c.type = SLUICE_TYPE_UTF8; }},
      {0, "cannot be null", [](C& c) { c.null_count = 1; }},
      {3, "cannot be null", [](C& c) { c.null_count = 1; }},
  };
  for (const auto& [index, reason, change] : changes) {
    FrameBytes frame = documents();
    change_column(frame, index, change);
    require_refused(frame, reason);
  }
}

BOOST_AUTO_TEST_CASE(delimited_values_must_end_with_the_delimiter) {
  FrameBytes frame = chunk_frame("one\ntwo\n");
  change_header(frame, [](sluice_frame_header& h) { h.delimiter = ';'; });
  require_refused(frame, "lacks its delimiter");
  frame = chunk_frame("one\ntwo");
  change_header(frame, [](sluice_frame_header& h) { h.flags = SLUICE_FRAME_DELIMITED; });
  require_refused(frame, "lacks its delimiter");
  frame = chunk_frame("one\n\n");
  const auto column = BatchView(frame).column(0).entry();
  put<uint32_t>(frame, column.offsets.offset + 4, 5);  // the second value has no bytes at all
  require_refused(frame, "lacks its delimiter");
}

BOOST_AUTO_TEST_CASE(a_cut_frame_is_refused_at_every_length) {
  const FrameBytes whole = table();
  for (size_t size = 0; size < whole.size(); ++size) {
    const FrameBytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    BOOST_REQUIRE(!check_frame(cut).ok());
  }
}

BOOST_AUTO_TEST_CASE(flipped_bits_are_refused_or_harmless) {
  std::mt19937 random(20261123);
  size_t accepted = 0, refused = 0, sum = 0;
  const FrameBytes originals[] = {table(), documents(), chunk_frame("one\ntwo\nthree")};
  for (int round = 0; round < 30000; ++round) {
    FrameBytes frame = originals[round % 3];
    // Mostly where structure is: header and directory.
    const size_t area = random() % 4
                            ? std::min<size_t>(frame.size(), 128 + 64 * BatchView(frame).column_count())
                            : frame.size();
    for (uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      std::byte& byte = frame[random() % area];
      byte = random() % 2 ? byte ^ static_cast<std::byte>(1u << (random() % 8))
                          : static_cast<std::byte>(random());
    }
    if (check_frame(frame).ok()) {
      ++accepted;
      sum += read_all(BatchView(frame));
    } else {
      ++refused;
    }
  }
  BOOST_TEST(accepted > 1000u);
  BOOST_TEST(refused > 1000u);
  BOOST_TEST(sum > 0u);
}

BOOST_AUTO_TEST_CASE(a_seal_holds_against_every_flipped_bit) {
  FrameBytes frame = documents();
  seal_frame(frame, 7, 2, 3);
  const sluice_frame_header header = BatchView(frame).header();
  BOOST_TEST(header.sequence == 7u);
  BOOST_TEST(header.rejected == 2u);
  BOOST_TEST(header.filtered == 3u);
  BOOST_TEST(verify_frame(frame).ok());
  BOOST_TEST(check_frame(frame).ok());
  for (size_t bit = 0; bit < frame.size() * 8; ++bit) {
    frame[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    BOOST_REQUIRE(!verify_frame(frame).ok());
    frame[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
  }
  BOOST_TEST(verify_frame(frame).ok());
  BOOST_TEST(verify_frame(std::span(frame).first(100)).error().code() == "E_FRAME_DAMAGED");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
