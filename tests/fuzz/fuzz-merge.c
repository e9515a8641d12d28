/*
 * fuzz-merge.c - any trace, cut at the labels of two of its chunks, through
 * pmt merge: what comes out is the same in any order, and of a trace without
 * damage sound, the same in any grouping, and merged again as it is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/errors.h"
#include "fuzz.h"
#include "merge.h"

/* A label begins so. */
static const uint8_t mark[12] = {0x5b, 0x2a, 0x4d, 0x18, 64,  0,
                                 0,    0,    'P',  'M',  'T', 'L'};

enum { A, B, WHOLE, FILES };

static char folder[64];
static char path[FILES][96];
static FILE *nowhere;

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

static void remove_folder(void)
{
    for (int i = 0; i < FILES; i++)
        unlink(path[i]);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    nowhere = fopen("/dev/null", "w");
    snprintf(folder, sizeof folder, "%s/pmt-fuzz-XXXXXX", where);
    FUZZ_MUST(nowhere && mkdtemp(folder));
    for (int i = 0; i < FILES; i++)
        snprintf(path[i], sizeof path[i], "%s/%d.pmt", folder, i);
    atexit(remove_folder);
}

static void put(const char *name, const uint8_t *data, size_t n)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    close(fd);
}

/* The label of a chunk somewhere behind the middle, or the end. */
static size_t find_cut(const uint8_t *data, size_t size)
{
    size_t from = size ? fuzz_touch(data, size) % size : 0;

    for (size_t at = from; at + sizeof mark <= size; at++)
        if (!memcmp(data + at, mark, sizeof mark))
            return at;
    return size;
}

/* The traces in this order; -1 ends them. What cannot be read is left out, as
 * if it had not been named. */
static void merge(struct pmt_buffer *out, const int *order)
{
    const struct pmt_common quiet = {.quiet = true,
                                     .progress = PMT_PROGRESS_NEVER};
    struct pmt_merge_list list = {0};
    struct pmt_merge_report report;
    struct pmt_progress progress;
    struct pmt_sink sink;
    struct pmt_error err;
    FILE *said = stderr;

    out->used = 0;
    stderr = nowhere;
    for (; *order >= 0; order++)
        pmt_merge_list_add(&list, path[*order], &quiet, false);
    stderr = said;
    FUZZ_MUST(pmt_merge_plan(&list, &report, &err) == PMT_OK);
    pmt_sink_to_buffer(&sink, out);
    pmt_progress_start(&progress, "merging", list.bytes, PMT_PROGRESS_BYTES,
                       PMT_PROGRESS_NEVER);
    FUZZ_MUST(pmt_merge_copy(&list, &sink, &progress, &report, &err) ==
              PMT_OK);
    pmt_progress_stop(&progress);
    pmt_merge_list_release(&list);
}

static void same(const struct pmt_buffer *a, const struct pmt_buffer *b)
{
    FUZZ_MUST(a->used == b->used &&
              (a->used == 0 || !memcmp(a->bytes, b->bytes, a->used)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pmt_buffer first, second;
    struct fuzz_walk before, after;
    size_t cut = find_cut(data, size);

    if (!folder[0])
        make_folder();
    pmt_errors_levels(true, 0);
    put(path[A], data, cut);
    put(path[B], data + cut, size - cut);
    put(path[WHOLE], data, size);
    merge(&first, (const int[]){A, B, WHOLE, -1});
    if (fuzz_touch(data, size) % 8 != 0)
        return 0;
    merge(&second, (const int[]){WHOLE, B, A, -1});
    same(&first, &second);
    if (first.used == 0)
        return 0;
    fuzz_walk(data, size, 0, NULL, &before);
    if (before.damages > 0 || before.refused > 0)
        return 0; /* what is behind a checksum is not looked at */
    fuzz_walk(first.bytes, first.used, 0, NULL, &after);
    FUZZ_MUST(after.damages == 0);
    /* (a, (b, whole)) and ((a, b), whole) */
    merge(&second, (const int[]){B, WHOLE, -1});
    put(path[B], second.bytes, second.used);
    merge(&second, (const int[]){A, B, -1});
    same(&first, &second);
    put(path[B], data + cut, size - cut);
    merge(&second, (const int[]){A, B, -1});
    put(path[A], second.bytes, second.used);
    merge(&second, (const int[]){A, WHOLE, -1});
    same(&first, &second);
    /* A result alone. */
    put(path[A], first.bytes, first.used);
    merge(&second, (const int[]){A, -1});
    same(&first, &second);
    return 0;
}
