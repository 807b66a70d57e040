/* What needs_beside.c finds through $ORIGIN. With BESIDE_NEEDS_ABSENT it needs in turn what is nowhere. */
#include "sluice/abi/base.h"

SLUICE_EXPORT int beside_answer(void);
#ifdef BESIDE_NEEDS_ABSENT
extern int absent_answer(void);
int beside_answer(void) {
  return absent_answer();
}
#else
int beside_answer(void) {
  return 42;
}
#endif
