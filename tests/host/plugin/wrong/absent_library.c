/* A library that exists when needs_library.c is linked and cannot be found when it is loaded. */
#include "sluice/abi/base.h"

SLUICE_EXPORT int absent_answer(void);
int absent_answer(void) {
  return 42;
}
