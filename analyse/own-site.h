/*
 * own-site.h: which frame of a stack is the program's own: the innermost one
 * that is not in Python's library, an installed package or generated code.
 * What a library keeps for a program is made in the library, but the line to
 * mend is most often the one that called it.
 *
 * Never prints. Threads: any.
 */
#ifndef PMT_OWN_SITE_H
#define PMT_OWN_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/reader.h"

/* Where code comes from; a greater one is nearer to the program. */
enum pmt_origin {
    PMT_ORIGIN_LIBRARY,   /* .../lib/python3.N/..., <frozen ...>, <pmtrace> */
    PMT_ORIGIN_PACKAGE,   /* below site-packages or dist-packages; pmtrace */
    PMT_ORIGIN_GENERATED, /* any other <...>: exec, dataclasses, -c */
    PMT_ORIGIN_OWN
};

/* By the path alone. A text that is not known is LIBRARY. */
enum pmt_origin pmt_origin_of(struct pmt_text file);

struct pmt_own_site {
    uint32_t stack;         /* the entry that is the site; 0 for stack 0 */
    enum pmt_origin origin; /* of it */
    bool imported;          /* the import system is between it and the
                               innermost frame, or, where nothing is own, in
                               the stack: the block was made by an import */
};

/* The innermost frame of the greatest origin in `stack`. Labels are no
 * frames. */
struct pmt_own_site pmt_own_site(const struct pmt_stream *stream,
                                 uint32_t stack);

/* Does the stack begin where programs do: at the code of a module, of runpy or
 * of a thread? What the end of an interpreter runs (__del__, callbacks of weak
 * references and of atexit) does not. A stack that may have been cut counts as
 * the program's. */
bool pmt_stack_of_program(const struct pmt_stream *stream, uint32_t stack);

#endif
