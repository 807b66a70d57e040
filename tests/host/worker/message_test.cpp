#include <boost/test/unit_test.hpp>

#include "host/worker/functions.hpp"
#include "host/worker/requests.hpp"

namespace sluice::host {

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  MessageWriter out;
  out.u32(7).u64(UINT64_MAX).f64(0.5).text("text").text("").place({1, 2, 3, 4});
  MessageReader in(out.bytes());
  BOOST_TEST(in.u32() == 7u);
  BOOST_TEST(in.u64() == UINT64_MAX);
  BOOST_TEST(in.f64() == 0.5);
  BOOST_TEST(in.text() == "text");
  BOOST_TEST(in.text().empty());
  BOOST_TEST(in.place().region_bytes == 4u);
  BOOST_TEST(in.ok());
}

BOOST_AUTO_TEST_CASE(a_message_that_is_cut_anywhere_reads_as_nothing_and_is_not_ok) {
  MessageWriter out;
  out.u32(7).text("some text").u64(1);
  for (size_t size = 0; size < out.bytes().size(); ++size) {
    MessageReader in(out.bytes().substr(0, size));
    (void)in.u32();
    (void)in.text();
    BOOST_TEST(in.u64() == 0u);
    BOOST_TEST(!in.ok());
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_claims_more_than_there_is_is_empty) {
  MessageWriter out;
  out.u32(UINT32_MAX);
  MessageReader in(out.bytes());
  BOOST_TEST(in.text().empty());
  BOOST_TEST(!in.ok());
}

BOOST_AUTO_TEST_CASE(read_requests_come_through_whole) {
  sluice_read_request request{};
  request.slice_index = 1;
  request.slice_count = 2;
  request.incremental = 1;
  request.unit_id = abi("unit");
  request.slice = abi("{}");
  request.checkpoint = abi("{\"a\":1}");
  request.format = abi("tables");
  request.run_id = abi("run");
  request.threads = 3;
  MessageWriter out;
  put(out, request);
  MessageReader in(out.bytes());
  const sluice_read_request got = get_read_request(in);
  BOOST_TEST(in.ok());
  BOOST_TEST(got.size == sizeof got);
  BOOST_TEST(got.slice_index == 1u);
  BOOST_TEST(got.slice_count == 2u);
  BOOST_TEST(got.incremental == 1u);
  BOOST_TEST(view(got.unit_id) == "unit");
  BOOST_TEST(view(got.slice) == "{}");
  BOOST_TEST(view(got.checkpoint) == "{\"a\":1}");
  BOOST_TEST(view(got.format) == "tables");
  BOOST_TEST(view(got.run_id) == "run");
  BOOST_TEST(got.threads == 3u);
}

BOOST_AUTO_TEST_CASE(requests_come_through_whole) {
  sluice_write_request request{};
  request.size = sizeof request;
  request.slice_index = 1;
  request.slice_count = 2;
  request.incremental = 1;
  request.unit_id = abi("unit");
  request.unit_key = abi("key");
  request.unit = abi("{}");
  request.checkpoint = abi("");
  request.format = abi("tables");
  request.content_type = abi("type");
  request.durability = abi("disk");
  request.run_id = abi("run");
  request.epoch = 9;
  MessageWriter out;
  put(out, request);
  MessageReader in(out.bytes());
  const sluice_write_request back = get_write_request(in);
  BOOST_TEST(in.ok());
  BOOST_TEST(back.slice_count == 2u);
  BOOST_TEST(view(back.unit_key) == "key");
  BOOST_TEST(view(back.checkpoint) == "");
  BOOST_TEST(view(back.durability) == "disk");
  BOOST_TEST(back.epoch == 9u);
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_class_and_texts) {
  sluice_error error = new_abi_error();
  const sluice_status status = to_abi(Error(ErrorClass::damaged, "E_X", "message", "where", "hint"), &error);
  MessageWriter out;
  put(out, status, error);
  MessageReader in(out.bytes());
  sluice_error back = new_abi_error();
  const Status result = from_abi(get_status(in, &back), back);
  BOOST_TEST((result.error().error_class() == ErrorClass::damaged));
  BOOST_TEST(result.error().code() == "E_X");
  BOOST_TEST(result.error().hint() == "hint");
}

BOOST_AUTO_TEST_CASE(a_class_that_is_none_is_read_as_system) {
  MessageWriter out;
  out.u32(77).text("").text("").text("").text("");
  MessageReader in(out.bytes());
  sluice_error error = new_abi_error();
  BOOST_TEST((from_abi(get_status(in, &error), error).error().error_class() == ErrorClass::system));
}

BOOST_AUTO_TEST_CASE(functions_past_a_tables_size_are_not_there) {
  sluice_source_api table{};
  table.size = offsetof(sluice_source_api, check);
  table.destroy = [](void*) {};
  table.cancel = [](void*) {};
  const uint32_t bits = functions_of(table);
  BOOST_TEST(bits == 1u);
  sluice_source_api full = table;
  full.size = sizeof full;
  keep_functions(bits, full);
  BOOST_TEST(full.destroy != nullptr);
  BOOST_TEST(full.cancel == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
