/* Signal handlers, umask and working folder are the process's, and it takes them for its own. */
#include <sys/stat.h>
static void change(void);
#define TINY_BETWEEN change()
#include "tiny_source.h"

static void change(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGSEGV, SIG_IGN);
  signal(SIGPIPE, SIG_DFL);
  umask(0);
  if (chdir("/") != 0) abort();
}
