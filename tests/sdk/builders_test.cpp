// From builders to views, and the limits of a run.
#include <boost/test/unit_test.hpp>

#include "sluice/testing/frames.hpp"

namespace sluice {

namespace {

using testing::FakeWriter;
using testing::WriterLimits;

std::string code_of(const std::function<void()>& call) {
  try {
    call();
    return "";
  } catch (const Error& error) {
    return error.code();
  } catch (const StopReading&) {
    return "stop";
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(builders)

BOOST_AUTO_TEST_CASE(documents_come_back_with_everything_beside_them) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out, [] { return Json::object({{"at", 4}}); });
  builder.append(Document{.value = "one", .key = "k1", .event_time = -5, .headers = R"({"h":"1"})"});
  builder.append("plain");
  builder.append(Document{.value = "", .key = "", .is_delete = true});
  char* room = builder.reserve(100);
  std::memcpy(room, "four", 4);
  builder.commit(4);
  builder.add_bytes_read(99);
  builder.flush();
  BOOST_REQUIRE(writer.frames().size() == 1u);
  const BatchView batch = writer.batch(0);
  const DocumentsView documents(batch);
  BOOST_REQUIRE(documents.size() == 4u);
  BOOST_TEST(documents.value(0) == "one");
  BOOST_TEST(documents.value(1) == "plain");
  BOOST_TEST(documents.value(2) == "");
  BOOST_TEST(documents.value(3) == "four");
  BOOST_TEST(documents.all_bytes() == "oneplainfour");
  BOOST_TEST(!documents.delimited());
  BOOST_TEST(*documents.key(0) == "k1");
  BOOST_TEST(!documents.key(1).has_value());
  BOOST_TEST((documents.key(2) == std::optional<std::string_view>("")));
  BOOST_TEST(*documents.event_time(0) == -5);
  BOOST_TEST(!documents.event_time(2).has_value());
  BOOST_TEST(*documents.headers(0) == R"({"h":"1"})");
  BOOST_TEST(!documents.headers(3).has_value());
  BOOST_TEST(!documents.is_delete(0));
  BOOST_TEST(documents.is_delete(2));
  BOOST_TEST(batch.header().payload_bytes == 12u);
  BOOST_TEST(batch.header().bytes_read == 99u);
  BOOST_TEST(batch.checkpoint() == R"({"at":4})");
}

// Every record has a place in the optional columns; with garbage in exact claims, a sanitizer sees a byte too
// many.
BOOST_AUTO_TEST_CASE(mixed_records_never_outgrow_their_room) {
  for (uint32_t records : {1u, 3u, 50u, 1000u})
    for (uint64_t bytes : {1u, 5000u, 60000u}) {
      FakeWriter writer({.max_batch_records = records, .max_batch_bytes = bytes});
      SourceWriter out(writer.abi());
      DocumentBuilder builder(out, [] { return Json::object({{"pad", std::string(1010, 'x')}}); });
      std::vector<std::string> expected;
      for (uint32_t i = 0; i < 2000; ++i) {
        expected.emplace_back(i % 97, static_cast<char>('a' + i % 26));
        if (i % 500 < 400)
          builder.append(expected.back());
        else
          builder.append(Document{.value = expected.back(),
                                  .key = expected.back(),
                                  .is_delete = i % 2 == 1,
                                  .event_time = i,
                                  .headers = "{}"});
      }
      builder.flush();
      BOOST_REQUIRE(writer.documents() == expected);
    }
}

BOOST_AUTO_TEST_CASE(chunks_keep_their_delimiters_in_place) {
  const FrameBytes frame = testing::chunk_frame("one\n\nthree");
  const DocumentsView documents{BatchView(frame)};
  BOOST_REQUIRE(documents.size() == 3u);
  BOOST_TEST(documents.value(0) == "one");
  BOOST_TEST(documents.value(1) == "");
  BOOST_TEST(documents.value(2) == "three");
  BOOST_TEST(documents.all_bytes() == "one\n\nthree");
  BOOST_TEST(documents.delimited());
  BOOST_TEST(!documents.last_delimited());
  const FrameBytes whole = testing::chunk_frame("a;b;", ';');
  BOOST_TEST(DocumentsView(BatchView(whole)).last_delimited());
  BOOST_TEST(DocumentsView(BatchView(whole)).value(1) == "b");
}

BOOST_AUTO_TEST_CASE(a_full_chunk_with_the_largest_checkpoint_that_rides_along_fits) {
  FakeWriter writer({.max_batch_records = 4, .max_batch_bytes = 64});
  SourceWriter out(writer.abi());
  DocumentChunk chunk(out, '\n');
  std::span<char> room = chunk.open();
  BOOST_REQUIRE(room.size() == 64u);
  std::fill(room.begin(), room.end(), '\n');
  for (uint32_t end : {1u, 2u, 3u, 64u}) chunk.mark(end);
  BOOST_TEST(chunk.full());
  const std::string checkpoint = "{\"p\":\"" + std::string(1016, 'x') + "\"}";
  BOOST_REQUIRE(checkpoint.size() == 1024u);
  chunk.publish(checkpoint, 64);
  BOOST_TEST(writer.frames().size() == 1u);
  BOOST_TEST(writer.checkpoint() == checkpoint);
}

BOOST_AUTO_TEST_CASE(tables_come_back_with_all_types_and_nulls) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  TableBuilder builder(out, {{"b", Type::boolean},
                             {"i", Type::int64},
                             {"f", Type::float64},
                             {"u", Type::utf8},
                             {"x", Type::binary},
                             {"d", Type::date32},
                             {"t", Type::timestamp},
                             {"j", Type::json}});
  for (int64_t row = 0; row < 20; ++row) {
    builder.begin_row();
    if (row % 3 == 0) {
      builder.set_bool(0, row % 2 == 0);
      builder.set_int64(1, row - 10);
      builder.set_float64(2, static_cast<double>(row) / 4);
      builder.set_text(3, "too long, replaced");
      builder.set_text(3, "u" + std::to_string(row));
      builder.set_text(4, std::string_view("\0\xFF", 2));
      builder.set_date32(5, static_cast<int32_t>(-row));
      builder.set_timestamp(6, row * 1000001);
      builder.set_text(7, "[1]");
    }
    BOOST_TEST(builder.end_row());
    builder.begin_row();
    builder.set_text(3, "forgotten");
    builder.set_int64(1, 1);
    builder.cancel_row();
  }
  builder.flush();
  const BatchView batch = writer.batch(0);
  BOOST_REQUIRE(batch.size() == 20u);
  BOOST_REQUIRE(batch.column_count() == 8u);
  for (uint32_t row = 0; row < 20; ++row)
    for (uint32_t i = 0; i < 8; ++i) BOOST_REQUIRE(batch.column(i).is_null(row) == (row % 3 != 0));
  BOOST_TEST(batch.column(0).null_count() == 13u);
  BOOST_TEST(batch.column(0).boolean(0));
  BOOST_TEST(!batch.column(0).boolean(3));
  BOOST_TEST(batch.column(1).int64(18) == 8);
  BOOST_TEST(batch.column(2).float64(9) == 2.25);
  BOOST_TEST(batch.column(3).text(12) == "u12");
  BOOST_TEST(batch.column(3).text(13) == "");
  BOOST_TEST(batch.column(4).text(15) == std::string_view("\0\xFF", 2));
  BOOST_TEST(batch.column(5).date32(18) == -18);
  BOOST_TEST(batch.column(6).timestamp(18) == 18000018);
  BOOST_TEST(batch.column(7).text(0) == "[1]");
  BOOST_TEST(batch.column(7).name() == "j");
}

BOOST_AUTO_TEST_CASE(columns_without_nulls_carry_no_bitmap) {
  const FrameBytes frame = testing::table_frame({{"i", Type::int64}}, {"[1]", "[2]"});
  BOOST_TEST(BatchView(frame).column(0).entry().validity.size == 0u);
  BOOST_TEST(!BatchView(frame).column(0).is_null(1));
}

BOOST_AUTO_TEST_CASE(a_cell_of_the_wrong_type_is_a_plugin_bug) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  TableBuilder builder(out, {{"i", Type::int64}, {"u", Type::utf8}});
  builder.begin_row();
  BOOST_TEST(code_of([&] { builder.set_float64(0, 1); }) == "E_PLUGIN_BUG");
  BOOST_TEST(code_of([&] { builder.set_text(0, "x"); }) == "E_PLUGIN_BUG");
  BOOST_TEST(code_of([&] { builder.set_int64(1, 1); }) == "E_PLUGIN_BUG");
}

BOOST_AUTO_TEST_CASE(batches_end_at_records_and_at_bytes) {
  FakeWriter few({.max_batch_records = 3});
  SourceWriter out(few.abi());
  int position = 0;
  DocumentBuilder builder(out, [&] { return Json::object({{"at", position}}); });
  for (; position < 7;) {
    builder.append("x");
    ++position;
  }
  builder.flush();
  BOOST_REQUIRE(few.frames().size() == 3u);
  BOOST_TEST(few.batch(0).checkpoint() == R"({"at":3})");
  BOOST_TEST(few.batch(1).checkpoint() == R"({"at":6})");
  BOOST_TEST(few.batch(2).checkpoint() == R"({"at":7})");
  FakeWriter small({.max_batch_bytes = 100});
  SourceWriter bytes(small.abi());
  TableBuilder rows(bytes, {{"u", Type::utf8}});
  for (int i = 0; i < 10; ++i) {
    rows.begin_row();
    rows.set_text(0, std::string(60, 'x'));
    rows.end_row();
  }
  rows.flush();
  BOOST_TEST(small.frames().size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_run_stops_at_its_number_of_records) {
  for (uint64_t wanted : {0u, 1u, 5u, 6u}) {
    FakeWriter writer({.max_batch_records = 3, .max_records = wanted});
    SourceWriter out(writer.abi());
    DocumentBuilder builder(out);
    BOOST_TEST(code_of([&] {
                 for (int i = 0; i < 100; ++i) builder.append("x");
               }) == "stop");
    BOOST_TEST(writer.records() == wanted);
    FakeWriter tables({.max_batch_records = 3, .max_records = wanted});
    SourceWriter table_out(tables.abi());
    TableBuilder rows(table_out, {{"i", Type::int64}});
    BOOST_TEST(code_of([&] {
                 for (int i = 0; i < 100; ++i) {
                   rows.begin_row();
                   rows.end_row();
                 }
               }) == "stop");
    BOOST_TEST(tables.records() == wanted);
  }
}

BOOST_AUTO_TEST_CASE(a_run_stops_soon_after_its_number_of_bytes) {
  FakeWriter writer({.max_batch_bytes = 100, .max_bytes = 250});
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  BOOST_TEST(code_of([&] {
               for (int i = 0; i < 100; ++i) builder.append(std::string(50, 'x'));
             }) == "stop");
  BOOST_TEST(writer.records() >= 5u);
  BOOST_TEST(writer.records() <= 7u);
}

BOOST_AUTO_TEST_CASE(a_record_that_no_frame_holds_is_rejected_and_the_others_pass) {
  FakeWriter writer({.max_batch_records = 100, .max_batch_bytes = 1000, .max_frame_bytes = 10000});
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  builder.append("before");
  builder.append(std::string(20000, 'x'), "file:2");
  builder.append(Document{.value = "v", .key = std::string_view(std::string(20000, 'k'))}, "file:3");
  builder.append("after");
  builder.append(std::string(4000, 'y'));
  builder.flush();
  BOOST_TEST((writer.documents() == std::vector<std::string>{"before", "after", std::string(4000, 'y')}));
  BOOST_REQUIRE(writer.rejections().size() == 2u);
  BOOST_TEST(writer.rejections()[0].code == "E_RECORD_TOO_LARGE");
  BOOST_TEST(writer.rejections()[0].where == "file:2");
  FakeWriter tables({.max_batch_records = 100, .max_batch_bytes = 1000, .max_frame_bytes = 10000});
  SourceWriter table_out(tables.abi());
  TableBuilder rows(table_out, {{"u", Type::utf8}});
  for (size_t size : {10u, 20000u, 3000u}) {
    rows.begin_row();
    rows.set_text(0, std::string(size, 'x'));
    BOOST_TEST(rows.end_row("row") == (size != 20000u));
  }
  rows.flush();
  BOOST_TEST(tables.records() == 2u);
  BOOST_TEST(tables.rejections().size() == 1u);
}

BOOST_AUTO_TEST_CASE(frames_smaller_than_their_administration_reject_everything) {
  FakeWriter writer({.max_batch_records = 10000, .max_batch_bytes = 1000, .max_frame_bytes = 10000});
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  builder.append("x", "here");
  builder.flush();
  BOOST_TEST(writer.records() == 0u);
  BOOST_REQUIRE(writer.rejections().size() == 1u);
  BOOST_TEST(writer.rejections()[0].where == "here");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_rides_along_or_follows_or_is_too_large) {
  for (size_t size : {10u, 1000u, 5000u, 65000u, 66000u}) {
    FakeWriter writer;
    SourceWriter out(writer.abi());
    DocumentBuilder builder(out, [&] { return Json::object({{"p", std::string(size, 'x')}}); });
    builder.append("x");
    const std::string code = code_of([&] { builder.flush(); });
    if (size > 65536) {
      BOOST_TEST(code == "E_CHECKPOINT_TOO_LARGE");
      BOOST_TEST(writer.frames().empty());
      continue;
    }
    BOOST_TEST(code == "");
    BOOST_TEST(writer.frames().size() == (size <= 1000 ? 1u : 2u));
    BOOST_TEST(writer.checkpoint().size() == size + 8);
    BOOST_TEST(writer.documents().size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_position_without_records_is_published_once_it_is_known) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  DocumentBuilder silent(out);
  silent.flush();
  BOOST_TEST(writer.frames().empty());
  DocumentBuilder builder(out, [] { return Json::object({{"at", 0}}); });
  builder.flush();
  BOOST_REQUIRE(writer.frames().size() == 1u);
  BOOST_TEST(writer.batch(0).size() == 0u);
  BOOST_TEST(DocumentsView(writer.batch(0)).all_bytes() == "");
}

BOOST_AUTO_TEST_CASE(failures_of_the_writer_pass_through) {
  FakeWriter writer({.max_batch_records = 2, .max_rejected = 1});
  writer.cancel_claim(2);
  SourceWriter out(writer.abi());
  DocumentBuilder builder(out);
  BOOST_TEST(code_of([&] {
               for (int i = 0; i < 10; ++i) builder.append("x");
             }) == "E_CANCELLED");
  BOOST_TEST(writer.records() == 2u);
  BOOST_TEST(code_of([&] { out.reject("E_X", "x", "y"); }) == "");
  BOOST_TEST(code_of([&] { out.reject("E_X", "x", "y"); }) == "E_TOO_MANY_REJECTED");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
