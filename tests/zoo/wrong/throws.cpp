// An exception leaves the function of a source that its configuration names as "in".
#include <stdexcept>
#include <string_view>

struct tiny_source;
static void throw_in(tiny_source* source, std::string_view place);
#define TINY_IN_CREATE throw_in(source, "create")
#define TINY_IN_UNITS throw_in(source, "units")
#define TINY_BETWEEN throw_in(source, "read")
#define TINY_IN_DESTROY throw_in(source, "destroy")
#include "tiny_source.h"

static void throw_in(tiny_source* source, std::string_view place) {
  char in[16];
  tiny_member(source->config, "in", in, sizeof in);
  if (in != place) return;
  // Where nobody else frees it any more.
  if (place == "create" || place == "destroy") free(source);
  throw std::runtime_error("thrown in " + std::string(place));
}
