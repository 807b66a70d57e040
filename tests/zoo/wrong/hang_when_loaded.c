#include "tiny_source.h"
__attribute__((constructor)) static void at_once(void) {
  tiny_hang();
}
