/* Takes memory and never gives it back: as much as there is, or as many MiB as its configuration says. */
#include <stddef.h>
static void leak(const char* config);
#define TINY_BETWEEN leak(source->config)
#include "tiny_source.h"

static char* last;

static void leak(const char* config) {
  enum { block = 1 << 20 };
  char most[16];
  tiny_member(config, "mebibytes", most, sizeof most);
  const long bound = most[0] ? strtol(most, NULL, 10) : 1L << 20;
  for (long i = 0; i < bound; ++i) {
    char* memory = (char*)malloc(block);
    if (!memory) tiny_hang();
    for (int at = 0; at < block; at += 4096) memory[at] = 1;
    // A leak checker of the tests finds nothing to complain of.
    memcpy(memory, &last, sizeof last);
    last = memory;
    usleep(500);
  }
}
