/* Uses a processor for ever. */
#define TINY_BETWEEN \
  for (volatile int on = 1; on;) on = on + 1 - on / on
#include "tiny_source.h"
