#include "house.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sluice::test {
namespace {

constexpr std::string_view configuration = R"(version: 1
staging: { mmap: { dir: ./stage, minFree: 1MiB } }
endpoints:
  events:  { template: file.ndjson, config: { path: ./events/*.ndjson } }
  copy:    { template: file.ndjson, config: { path: ./out/ } }
  lake:    { template: sqlite, config: { path: ./lake.db } }
  numbers: { template: generator, config: { count: 1000, recordBytes: 100 } }
  slow:    { template: generator, config: { count: 60000, recordBytes: 100, rate: 1000 } }
  sink:    { template: "null" }
  broken:  { template: chaos, config: { action: fail, at: 10 } }
  stuck:   { template: chaos, config: { action: hang, deaf: true } }
  gone:    { template: file.lines, config: { path: ./no-such-folder/ } }
)";

}  // namespace

House::House() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-cli-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(name.data()));
  folder_ = name;
  std::filesystem::create_directory(folder_ / "out");
  write("sluice.yaml", configuration);
  write("events/a.ndjson",
        "{\"id\":1,\"name\":\"one\"}\n{\"id\":2,\"name\":\"two\"}\n{\"id\":3,\"name\":\"three\"}\n");
}

House::~House() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void House::write(const std::string& name, std::string_view text) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

void House::append(const std::string& name, std::string_view text) const {
  std::ofstream(folder_ / name, std::ios::binary | std::ios::app) << text;
}

std::string House::read(const std::string& name) const {
  std::ifstream in(folder_ / name, std::ios::binary);
  BOOST_TEST_REQUIRE(in.good(), name << " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

Spawn House::command(std::vector<std::string> arguments) const {
  Spawn spawn;
  spawn.arguments = std::move(arguments);
  spawn.folder = folder_;
  return spawn;
}

boost::json::object only_object(const Outcome& outcome) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(outcome.out, error);
  BOOST_TEST_REQUIRE(
      (!error && value.is_object()),
      "no JSON object on standard output: " << outcome.out << "\nstandard error: " << outcome.err);
  return std::move(value.as_object());
}

std::string member(const boost::json::object& object, std::string_view path) {
  const boost::json::value whole(object);
  const boost::json::value* at = &whole;
  while (!path.empty() && at) {
    const std::string_view key = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(key.size() + 1, path.size()));
    if (const auto* inner = at->if_object()) {
      at = inner->if_contains(key);
    } else if (const auto* list = at->if_array()) {
      at = list->if_contains(std::stoul(std::string(key)));
    } else {
      at = nullptr;
    }
  }
  if (!at) return "(missing)";
  return at->is_string() ? std::string(at->as_string()) : boost::json::serialize(*at);
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace sluice::test
