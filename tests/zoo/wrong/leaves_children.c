/* Its children go on when it is destroyed. Says so when it may have none. */
static int start_children(void);
#define TINY_BETWEEN \
  if (!start_children()) return tiny_fail(error, "cannot fork")
#include "tiny_source.h"

static int start_children(void) {
  for (int i = 0; i < 6; ++i) {
    const pid_t child = fork();
    if (child < 0) return 0;
    if (child == 0) {
      signal(SIGTERM, SIG_IGN);
      signal(SIGHUP, SIG_IGN);
      sleep(60);
      _exit(0);
    }
    usleep(30000);
  }
  return 1;
}
