/* Its threads go on when it is destroyed, for a second. */
#include <pthread.h>
static void start_threads(void);
#define TINY_BETWEEN start_threads()
#include "tiny_source.h"

static void* work(void* unused) {
  static volatile unsigned count;
  for (int i = 0; i < 10; ++i) {
    usleep(100000);
    count = count + 1;
  }
  return unused;
}

static void start_threads(void) {
  for (int i = 0; i < 4; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, &work, NULL) == 0) pthread_detach(thread);
  }
}
