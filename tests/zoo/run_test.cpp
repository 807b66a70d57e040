// Each animal is run in a worker process, and in the host's own where that is survivable. The host says what
// it did, nothing is left of it, and the next run of the same host is right.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "animals.hpp"
#include "runs.hpp"
#include "scratch.hpp"
#include "surroundings.hpp"

namespace sluice::zoo {

std::ostream& operator<<(std::ostream& out, const Animal& animal) {
  return out << animal.library << ", which " << animal.does;
}

namespace {

namespace json = boost::json;

json::object members(const char* text) {
  return json::parse(std::string("{") + text + "}").as_object();
}

std::vector<Animal> all() {
  std::vector<Animal> out(source_animals().begin(), source_animals().end());
  out.insert(out.end(), sink_animals().begin(), sink_animals().end());
  return out;
}

std::vector<Animal> survivable() {
  std::vector<Animal> out;
  for (const Animal& animal : all())
    if (animal.inside.sentence) out.push_back(animal);
  return out;
}

bool is_source(const Animal& animal) {
  const std::span<const Animal> sources = source_animals();
  return std::any_of(sources.begin(), sources.end(),
                     [&](const Animal& one) { return std::string_view(one.does) == animal.does; });
}

void expect(const Ran& ran, const Answer& answer, const Animal& animal, const std::filesystem::path& output) {
  // Every failure is to be had within seconds, on a busy machine too.
  BOOST_TEST(ran.took.count() < 10'000);
  if (std::string_view(answer.code).empty()) {
    BOOST_TEST(ran.status == "succeeded", ran.json);
    BOOST_TEST(read_file(output) == all_records());
    return;
  }
  BOOST_TEST(ran.status != "succeeded");
  BOOST_TEST(ran.code == answer.code, ran.json);
  BOOST_TEST((ran.message.find(answer.sentence) != std::string::npos),
             ran.message << " does not say: " << answer.sentence);
  // What befell a batch in memory, and that time was over, is nobody's for certain.
  const std::string_view code = answer.code;
  if (code == "E_FRAME_DAMAGED" || code == "E_TIMEOUT") return;
  const std::string name = std::string("zoo.") + animal.library + " (plugin " + animal.library + ")";
  BOOST_TEST((ran.message.find(name) != std::string::npos), ran.message << " does not name " << name);
}

void take_through(const Animal& animal, const json::value& isolation, const Answer& answer) {
  Runs& runs = Runs::of_this_program();
  const Surroundings before = look_around(worker_program());
  const auto output = new_output();
  const std::string id = std::string("zoo.") + animal.library;
  Endpoint wrong{id, members(animal.parameters)};
  if (!is_source(animal)) wrong.parameters["path"] = output.string();
  json::object policy = members(animal.policy);
  policy["isolation"] = isolation;
  const Ran ran = is_source(animal) ? runs.run(wrong, {animal.sink, {{"path", output.string()}}}, policy)
                                    : runs.run({"zoo.good_source"}, wrong, policy);
  expect(ran, answer, animal, output);
  for (const std::string& change : changes_since(before, worker_program())) BOOST_ERROR(change);
  const std::string wrong_afterwards = runs.good_runs();
  BOOST_TEST(wrong_afterwards.empty(), wrong_afterwards);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run)

BOOST_DATA_TEST_CASE(in_a_worker_process, boost::unit_test::data::make(all()), animal) {
  const bool source = is_source(animal);
  take_through(animal,
               {{source ? "source" : "sink", "process"},
                {source ? "sink" : "source", "in-process"},
                {"budget", members(animal.budget)}},
               animal.apart);
}

BOOST_DATA_TEST_CASE(in_the_host, boost::unit_test::data::make(survivable()), animal) {
  take_through(animal, "in-process", animal.inside.code ? animal.inside : animal.apart);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::zoo
