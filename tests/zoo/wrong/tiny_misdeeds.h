/* What several of the libraries do, and small things that all of them need. */
#ifndef TINY_MISDEEDS_H
#define TINY_MISDEEDS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluice/abi/error.h"

/* A sanitizer's handler would turn the signal into an exit. */
static inline void tiny_crash(void) {
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}

/* Bounded, so that a test that fails leaves nothing behind for ever. */
static inline void tiny_hang(void) {
  sleep(60);
}

static inline sluice_status tiny_fail(sluice_error* error, const char* what) {
  error->error_class = SLUICE_SYSTEM;
  snprintf(error->code, sizeof error->code, "E_ZOO");
  snprintf(error->message, sizeof error->message, "%s", what);
  return SLUICE_SYSTEM;
}

/* The text, without escapes, of a member of the configuration; "" when it is not there. */
static inline void tiny_member(const char* config, const char* name, char* to, size_t size) {
  char start[64];
  snprintf(start, sizeof start, "\"%s\":\"", name);
  const char* at = strstr(config, start);
  to[0] = '\0';
  if (!at) return;
  at += strlen(start);
  snprintf(to, size, "%.*s", (int)strcspn(at, "\""), at);
}

#endif
