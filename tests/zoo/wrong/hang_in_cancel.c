/* It waits in read() until it is cancelled, and longer. */
#define TINY_IN_CANCEL tiny_hang()
#define TINY_BETWEEN tiny_hang()
#include "tiny_source.h"
