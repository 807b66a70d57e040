#define TINY_IN_WRITE tiny_hang()
#include "tiny_sink.h"
