/* The same, and it does not look whether it got any. */
#include <stddef.h>
static void leak(void);
#define TINY_BETWEEN leak()
#include "tiny_source.h"

static void leak(void) {
  enum { block = 1 << 20 };
  for (;;) {
    volatile char* memory = (volatile char*)malloc(block);
    if (!memory) tiny_crash();
    for (int at = 0; at < block; at += 4096) memory[at] = 1;
  }
}
