/* Refers to five functions that nobody defines, one of them of C++. */
#define TINY_ID "tiny.cpp_symbol"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
extern int _Z3bari(int);  // bar(int)
extern int nobody_1(void), nobody_2(void), nobody_3(void), nobody_4(void);
SLUICE_EXPORT int tiny_answer(void) {
  return _Z3bari(1) + nobody_1() + nobody_2() + nobody_3() + nobody_4();
}
