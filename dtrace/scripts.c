/* scripts.c - the scripts as bytes of the program (scripts.h). */
#include "scripts.h"

#include <string.h>

/* The file's bytes, at SYMBOL to SYMBOL_end. Paths are from the top of the
 * source, where make runs. */
#ifdef __APPLE__
#define SECTION ".const\n"
#define SYMBOL(name) "_" name
#else
#define SECTION ".pushsection .rodata\n"
#define SYMBOL(name) name
#endif
#define EMBED(symbol, file)                                                   \
    __asm__(SECTION SYMBOL(symbol) ":\n"                                      \
            ".incbin \"" file "\"\n" SYMBOL(symbol "_end") ":\n"             \
            ".byte 0\n.popsection\n");

#define SCRIPT_BYTES(name)                                                    \
    extern const char dt_##name##_d[], dt_##name##_d_end[];                   \
    extern const char dt_##name##_bt[], dt_##name##_bt_end[];                 \
    EMBED("dt_" #name "_d", "dtrace/" #name ".d")                             \
    EMBED("dt_" #name "_bt", "dtrace/" #name ".bt")

SCRIPT_BYTES(malloc)
SCRIPT_BYTES(objects)
SCRIPT_BYTES(sizes)
SCRIPT_BYTES(flow)
SCRIPT_BYTES(syscalls)
SCRIPT_BYTES(gc)
extern const char dt_site_inc[], dt_site_inc_end[];
EMBED("dt_site_inc", "dtrace/site.inc")

#define SCRIPT(name, needs, text)                                             \
    {                                                                         \
        #name, text, needs, dt_##name##_d, dt_##name##_d_end, dt_##name##_bt, \
            dt_##name##_bt_end                                                \
    }

static const struct dt_script scripts[] = {
    SCRIPT(malloc, false, "every malloc and free, with the Python line"),
    SCRIPT(objects, false, "every call of CPython's own allocators"),
    SCRIPT(sizes, false, "how much is asked for, by size and Python line"),
    SCRIPT(flow, true, "Python calls and returns, with resident set size"),
    SCRIPT(syscalls, true, "Python calls and returns, and system calls"),
    SCRIPT(gc, true, "garbage collections"),
};

const struct dt_script *dt_scripts_at(size_t i)
{
    return i < sizeof scripts / sizeof *scripts ? &scripts[i] : NULL;
}

const struct dt_script *dt_scripts_find(const char *name)
{
    const struct dt_script *s;

    for (size_t i = 0; (s = dt_scripts_at(i)) != NULL; i++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *dt_scripts_site(size_t *bytes)
{
    *bytes = (size_t)(dt_site_inc_end - dt_site_inc);
    return dt_site_inc;
}
