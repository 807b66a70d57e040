#define BOOST_TEST_MODULE plugin_null
#include "null_sink.hpp"

#include <boost/test/unit_test.hpp>
#include <sluice/testing/fake_host.hpp>

using namespace sluice;
using namespace sluice::testing;
using sluice::null::NullSink;

BOOST_AUTO_TEST_CASE(counts_documents_and_their_bytes) {
  FakeHost host;
  SinkRun sink = make_sink<NullSink>(host);
  BOOST_TEST(!sink.open());
  sink.write({"one", "three"});
  sink.write({"x"});
  BOOST_TEST(sink.totals().written == 3u);
  BOOST_TEST(sink.totals().bytes == 9u);
  BOOST_TEST((sink.commit() == Reached::durable));
}

BOOST_AUTO_TEST_CASE(counts_rows) {
  FakeHost host;
  SinkRun sink = make_sink<NullSink>(host);
  sink.open({.tables = true});
  WriteResult result = sink.write_rows({{"a", Type::int64}}, {"[1]", "[null]", "[3]"});
  BOOST_TEST(result.written == 3u);
  BOOST_TEST(result.rejected == 0u);
}

BOOST_AUTO_TEST_CASE(takes_a_batch_that_only_moves_the_position) {
  FakeHost host;
  SinkRun sink = make_sink<NullSink>(host);
  sink.open();
  BOOST_TEST(sink.write(std::vector<std::string>{}).written == 0u);
}
