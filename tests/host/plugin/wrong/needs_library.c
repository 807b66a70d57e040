/* Linked with a library that is nowhere when it is loaded. */
#define TINY_ID "tiny.library"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
extern int absent_answer(void);
SLUICE_EXPORT int tiny_answer(void) {
  return absent_answer();
}
