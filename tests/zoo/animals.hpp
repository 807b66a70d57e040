// The animals of the zoo: what each does wrong, what a run of it needs, and what the host must say.
#pragma once

#include <span>

namespace sluice::zoo {

// What the host says: a code, and the sentence as docs/plugin-refusals.md has it.
struct Answer {
  const char* code;
  const char* sentence;
};
// The run succeeds and delivers every record: the fault does no harm there.
constexpr Answer no_harm{"", ""};
// In the host's own process: as in a worker, ...
constexpr Answer the_same{nullptr, "the same"};
// ... or no host survives it.
constexpr Answer not_tried{nullptr, nullptr};

struct Animal {
  const char* library;
  const char* does;  // its row in docs/plugin-refusals.md
  Answer apart;      // in a worker process
  Answer inside;     // in the host's own
  // Members of JSON objects: its configuration, policy.isolation.budget, and the policy beside the usual
  // ones.
  const char* parameters = "";
  const char* budget = "";
  const char* policy = "";
  const char* sink = "zoo.good_sink";  // of a source
};

std::span<const Animal> source_animals();
std::span<const Animal> sink_animals();

}  // namespace sluice::zoo
