// Descriptors: what is taken from a right one, and which part of a wrong one is named.
#include "host/plugin/descriptor.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace sluice::host {
namespace {

constexpr std::string_view whole = R"({
  "plugin": {"id": "acme.files", "version": "2.1", "vendor": "Acme", "license": "MIT", "description": "Files"},
  "templates": [{
    "id": "acme.lines", "title": "Lines", "description": "Lines of text", "roles": ["source", "sink"],
    "source": {"formats": ["documents", "tables"], "modes": ["FULL", "INCREMENTAL"], "slices": true,
               "contentTypes": ["text/plain"]},
    "sink": {"formats": ["documents"], "delivery": "append", "slices": "ordered", "contentTypes": ["text/plain"]},
    "configSchema": {"type": "object"}, "somethingNewer": 1
  }, {"id": "acme.stage", "roles": ["staging"], "configSchema": {}}]
})";

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(whole);
  size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, "not in the descriptor: " << from);
  return text.replace(at, from.size(), to);
}

// What the host says of a descriptor that is wrong in this way.
std::string said_of(std::string_view from, std::string_view to) {
  Result<PluginDescriptor> descriptor = parse_descriptor(replaced(from, to), "plugin.so");
  if (descriptor) return "accepted";
  BOOST_TEST(descriptor.error().code() == "E_PLUGIN_DESCRIPTOR");
  return descriptor.error().message();
}

#define CHECK_NAMES(from, to, part)                                                 \
  BOOST_TEST((said_of(from, to).find(part) != std::string::npos), said_of(from, to) \
                                                                      << " does not name " << (part))

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptor)

BOOST_AUTO_TEST_CASE(says_everything_the_plugin_says) {
  Result<PluginDescriptor> read = parse_descriptor(whole, "plugin.so");
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read.has_error() ? read.error().message() : std::string()));
  BOOST_TEST(read->id == "acme.files");
  BOOST_TEST(read->version == "2.1");
  BOOST_TEST(read->vendor == "Acme");
  BOOST_TEST(read->license == "MIT");
  BOOST_REQUIRE(read->templates.size() == 2u);

  const TemplateDescriptor& lines = read->templates[0];
  BOOST_TEST(lines.id == "acme.lines");
  BOOST_TEST(lines.title == "Lines");
  BOOST_REQUIRE(lines.source);
  BOOST_TEST(lines.source->formats == (std::vector<std::string>{"documents", "tables"}),
             boost::test_tools::per_element());
  BOOST_TEST(lines.source->modes == (std::vector<std::string>{"FULL", "INCREMENTAL"}),
             boost::test_tools::per_element());
  BOOST_TEST(lines.source->slices);
  BOOST_REQUIRE(lines.sink);
  BOOST_TEST(lines.sink->delivery == "append");
  BOOST_TEST(lines.sink->slices == "ordered");
  BOOST_TEST(lines.config_schema.contains("type"));
  BOOST_TEST(!lines.staging);

  const TemplateDescriptor& stage = read->templates[1];
  BOOST_TEST(stage.staging);
  BOOST_TEST(!stage.source.has_value());
  BOOST_TEST(!stage.sink.has_value());
}

BOOST_AUTO_TEST_CASE(is_refused_naming_the_place) {
  CHECK_NAMES("{", "", "not JSON");
  CHECK_NAMES("acme.files", "Acme Files", "/plugin/id");
  CHECK_NAMES("\"2.1\"", "2.1", "/plugin/version");
  CHECK_NAMES("acme.lines", ".lines", "/templates/0/id");
  CHECK_NAMES("acme.stage", "acme.lines", "/templates/1/id repeats the template id acme.lines");
  CHECK_NAMES("[\"source\", \"sink\"]", "[]", "/templates/0/roles");
  CHECK_NAMES("[\"source\", \"sink\"]", "[\"source\", \"oracle\"]", "oracle");
  CHECK_NAMES("[\"source\", \"sink\"]", "[\"sink\", \"sink\"]", "sink twice");
  CHECK_NAMES("[\"staging\"]", "[\"source\"]", "/templates/1/source");
  CHECK_NAMES("[\"documents\", \"tables\"]", "[\"graphs\"]", "graphs");
  CHECK_NAMES("[\"documents\"]", "null", "/templates/0/sink/formats");
  CHECK_NAMES("INCREMENTAL", "SOMETIMES", "SOMETIMES");
  CHECK_NAMES("\"append\"", "\"exactly\"", "/templates/0/sink/delivery");
  CHECK_NAMES("\"ordered\"", "7", "/templates/0/sink/slices");
  CHECK_NAMES("\"slices\": true", "\"slices\": 1", "/templates/0/source/slices");
  CHECK_NAMES("[\"text/plain\"]", "\"text/plain\"", "/templates/0/source/contentTypes");
  CHECK_NAMES("{\"type\": \"object\"}", "[]", "/templates/0/configSchema");
  BOOST_TEST(!parse_descriptor(R"({"plugin": {"id": "a", "version": "1"}, "templates": []})", "plugin.so"));
  BOOST_TEST(!parse_descriptor("[]", "plugin.so"));
}

BOOST_AUTO_TEST_CASE(is_refused_when_it_is_too_long_or_too_deep) {
  BOOST_TEST(!parse_descriptor(std::string(2'000'000, ' ') + std::string(whole), "plugin.so"));
  std::string deep = std::string(200, '[') + std::string(200, ']');
  BOOST_TEST(said_of("{\"type\": \"object\"}", "{\"a\": " + deep + "}") != "accepted");
}

BOOST_AUTO_TEST_CASE(ids_are_short_and_plain) {
  for (std::string_view id : {"a", "0", "file.ndjson", "a-b_c.9"}) BOOST_TEST(is_valid_id(id), id);
  for (std::string_view id : {"", ".a", "-a", "_a", "A", "a b", "a/b", "\xc3\xa4"})
    BOOST_TEST(!is_valid_id(id), id);
  BOOST_TEST(is_valid_id(std::string(64, 'a')));
  BOOST_TEST(!is_valid_id(std::string(65, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
