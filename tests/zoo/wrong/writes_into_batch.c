/* Changes the batch that it may only read; a sanitizer would turn the signal into an exit. */
#define TINY_IN_WRITE       \
  signal(SIGSEGV, SIG_DFL); \
  ((unsigned char*)(uintptr_t)frame.data)[TINY_DATA_AT] = '!'
#include "tiny_sink.h"
