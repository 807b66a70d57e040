// An exception, of a type that nobody knows, leaves the function of a sink that its configuration names as
// "in".
#include <string_view>

static void throw_in(const char* config, std::string_view place);
#define TINY_IN_OPEN throw_in(sink->config, "open")
#define TINY_IN_WRITE throw_in(sink->config, "write")
#define TINY_IN_COMMIT throw_in(sink->config, "commit")
#define TINY_IN_DESTROY throw_in(sink->config, "destroy")
#include "tiny_sink.h"

static void throw_in(const char* config, std::string_view place) {
  char in[16];
  tiny_member(config, "in", in, sizeof in);
  if (in == place) throw 4711;
}
