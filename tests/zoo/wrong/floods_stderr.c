/* 24 MB of lines, and one of a megabyte that never ends. */
static void flood(void);
#define TINY_BETWEEN flood()
#include "tiny_source.h"

static void flood(void) {
  char line[80];
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  for (int i = 0; i < 300000; ++i) fwrite(line, 1, sizeof line, stderr);
  for (int i = 0; i < 1000000; ++i) fputc('y', stdout);
  fflush(stdout);
}
