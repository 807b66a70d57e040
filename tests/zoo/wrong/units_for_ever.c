/* Emits units without end, also when it is told to stop. */
#define TINY_IN_UNITS \
  for (int i = 0; i < 20000000; ++i) out.emit(out.self, unit)
#include "tiny_source.h"
