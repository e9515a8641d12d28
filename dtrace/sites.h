/*
 * sites.h - what is stated in a stream's tables while a log is converted: the
 * sites, the classes of calls, the system calls, the threads; each once.
 *
 * A site is looked up by the bytes that name it in the log, so that a line
 * whose site was seen before costs a comparison. Threads: one at a time.
 */
#ifndef DTRACE_SITES_H
#define DTRACE_SITES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pmt/error.h"
#include "pmt/record.h"
#include "pmt/writer.h"

/* A part of a line; not terminated. */
struct dt_text {
    const char *bytes;
    size_t length;
};

/* File, line and function; an empty text is one that is not known. */
struct dt_site {
    struct dt_text file, function;
    uint64_t line;
};

/* Keys of any bytes, each with a number. Zeroed is empty. */
struct dt_keys {
    struct dt_key *entries;
    uint32_t *places;   /* entry + 1; 0: free */
    uint32_t count, mask;
    char *bytes;
    size_t room, used, size;
    uint64_t seed;
};

#define DT_LAST_MAX 128u

struct dt_sites {
    struct dt_keys sites;     /* bytes in the log: stack id */
    struct dt_keys codes;     /* file, function: code id */
    struct dt_keys stacks;    /* code, line, parent: stack id */
    struct dt_keys classes;   /* what, stack, cfunction: number */
    struct dt_keys cfunctions;
    struct dt_keys threads;   /* native id: thread id */
    uint64_t last_tid;
    uint32_t last_thread;
    char last_text[DT_LAST_MAX]; /* the site that was met last */
    size_t last_length;          /* 0: none is kept */
    uint32_t last_site;
    uint64_t unreadable;      /* names in sites that are no names */
    uint64_t unstated;        /* no id was left (spec 10) */
};

/* A number, not 0, that nobody outside this process knows: where things stand
 * in tables depends on it, since what they are comes out of a file. */
uint64_t dt_secret(void);

/* The next site is often the same one. */
static inline void dt_sites_keep(struct dt_sites *s, const char *text,
                                 size_t n, uint32_t id)
{
    if (n > DT_LAST_MAX)
        return;
    memcpy(s->last_text, text, n);
    s->last_length = n;
    s->last_site = id;
}

void dt_sites_release(struct dt_sites *s);

/* The number of a key, or 0 when it has none yet. *hash is for dt_keys_add. */
uint32_t dt_keys_find(struct dt_keys *k, const void *bytes, size_t n,
                      uint64_t *hash);
/* PMT_OK or PMT_ERR_MEMORY. The key is not in the table. */
int dt_keys_add(struct dt_keys *k, const void *bytes, size_t n, uint64_t hash,
                uint32_t number);
void dt_keys_release(struct dt_keys *k);

/* Where `w` is NULL ids are given and nothing is stated. */

/* The stack id of a site below `parent` (0: none), stated if it was not. 0 is
 * given for a site without file and function. A text that holds control
 * characters or is no UTF-8 counts as not known, in `unreadable`. Negative:
 * PMT_ERR_. */
int64_t dt_sites_stack(struct dt_sites *s, struct pmt_writer *w,
                       const struct dt_site *site, uint32_t parent,
                       struct pmt_error *err);

/* The number of a class of calls. `cfunction` is an id or 0. */
int64_t dt_sites_class(struct dt_sites *s, struct pmt_writer *w,
                       unsigned what, uint32_t stack, uint32_t cfunction,
                       struct pmt_error *err);

/* The id of a system call. */
int64_t dt_sites_syscall(struct dt_sites *s, struct pmt_writer *w,
                         struct dt_text name, struct pmt_error *err);

/* The id of a thread by the system's number; 0 for 0. */
int64_t dt_sites_thread(struct dt_sites *s, struct pmt_writer *w,
                        uint64_t tid, struct pmt_error *err);

#endif
