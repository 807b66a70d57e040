/* Refers to a symbol that nobody defines. */
#define TINY_ID "tiny.symbol"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
extern int nobody_defines_this(void);
SLUICE_EXPORT int tiny_answer(void) {
  return nobody_defines_this();
}
