/* Sluice ABI: how a call fails. Every fallible function returns a sluice_status and fills a sluice_error that
 * the caller provides. The status alone decides what the host does; the texts are for people. */
#ifndef SLUICE_ABI_ERROR_H
#define SLUICE_ABI_ERROR_H

#include "base.h"

/* A status is 0 or the error's class. Values outside this list are read as SLUICE_SYSTEM. */
typedef int32_t sluice_status;
#define SLUICE_OK 0
/* The configuration, request or data is wrong; trying again changes nothing. */
#define SLUICE_CONFIG 1
/* May pass: the host retries with backoff, as the policy says. */
#define SLUICE_TRANSIENT 2
/* The environment or the plugin failed. */
#define SLUICE_SYSTEM 3
/* The host asked to stop; not a fault. */
#define SLUICE_CANCELLED 4
/* Bytes that should have been whole are not. */
#define SLUICE_DAMAGED 5

#define SLUICE_ERROR_CODE_BYTES 64
#define SLUICE_ERROR_MESSAGE_BYTES 1024
#define SLUICE_ERROR_WHERE_BYTES 256
#define SLUICE_ERROR_HINT_BYTES 256

/* Texts are NUL-terminated, UTF-8, cut at the limit. The caller sets `size` and zeroes the rest. */
typedef struct sluice_error {
  uint32_t size;
  sluice_status error_class;
  char code[SLUICE_ERROR_CODE_BYTES];       /* stable name, E_... in upper case */
  char message[SLUICE_ERROR_MESSAGE_BYTES]; /* names the thing and the reason; never a secret */
  char where[SLUICE_ERROR_WHERE_BYTES];     /* file:line, unit, JSON pointer; may be empty */
  char hint[SLUICE_ERROR_HINT_BYTES];       /* the way out; may be empty */
} sluice_error;

SLUICE_STATIC_ASSERT(offsetof(sluice_error, code) == 8, "sluice_error layout");
SLUICE_STATIC_ASSERT(sizeof(sluice_error) == 1608, "sluice_error layout");

#endif
