/* Built twice, with the versions 1 and 2 of its symbol. */
#include "sluice/abi/base.h"

SLUICE_EXPORT int versioned_answer(void);
int versioned_answer(void) {
  return 42;
}
