/* A template is a source, and there is no function to create one. */
#define TINY_CREATE_SOURCE NULL
#include "tiny_plugin.h"
