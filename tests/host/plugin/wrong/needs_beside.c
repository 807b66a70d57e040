/* Nothing is wrong: its library lies in a folder beside it. */
#define TINY_ID "tiny.beside"
#include "tiny_plugin.h"
extern int beside_answer(void);
SLUICE_EXPORT int tiny_answer(void) {
  return beside_answer();
}
