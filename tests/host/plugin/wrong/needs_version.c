/* Linked with version 2 of a library of which version 1 is installed. */
#define TINY_ID "tiny.version"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
extern int versioned_answer(void);
SLUICE_EXPORT int tiny_answer(void) {
  return versioned_answer();
}
