/* The struct is whole, but its size says otherwise. */
#define TINY_ENTRY_SIZE 8
#include "tiny_plugin.h"
