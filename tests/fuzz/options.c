/* options.c - how the address sanitizer runs in a fuzz target: with little
 * memory kept back after free, so that a run is fast. */
#include "fuzz.h"

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:malloc_context_size=2:"
           "detect_stack_use_after_return=0";
}
