/* It waits in read() until it is cancelled. */
#define TINY_IN_CANCEL tiny_crash()
#define TINY_BETWEEN tiny_hang()
#include "tiny_source.h"
