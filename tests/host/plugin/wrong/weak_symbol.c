/* Nothing is wrong: it does without a symbol that nobody defines. */
#define TINY_ID "tiny.weak"
#include "tiny_plugin.h"
__attribute__((weak)) extern int nobody_defines_this(void);
SLUICE_EXPORT int tiny_answer(void) {
  return nobody_defines_this ? nobody_defines_this() : 0;
}
