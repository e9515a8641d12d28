/*
 * fuzz-parts.c - any bytes as the files of a stream in parts: cut before the
 * last headers of streams, named as parts are. What is opened is the newest
 * file behind as many older ones as fit it, byte by byte, and reads like them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "pmt/parts.h"

#define FILES 4u

/* A label of a stream's header begins so. */
static const uint8_t mark[12] = {0x5b, 0x2a, 0x4d, 0x18, 64,  0,
                                 0,    0,    'P',  'M',  'T', 'L'};

static char folder[64];
static char trace[96];

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

static void remove_folder(void)
{
    rmdir(folder);
}

static void make_folder(void)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    snprintf(folder, sizeof folder, "%s/pmt-fuzz-XXXXXX", where);
    FUZZ_MUST(mkdtemp(folder));
    snprintf(trace, sizeof trace, "%s/x.pmt", folder);
    atexit(remove_folder);
}

/* Where the last headers begin, the last first. */
static size_t find_cuts(const uint8_t *data, size_t size, size_t *cuts)
{
    size_t n = 0;

    for (size_t at = size < 20 ? 0 : size - 20; at > 0 && n < FILES - 1; at--) {
        if (!memcmp(data + at, mark, sizeof mark) && data[at + 14] == 1 &&
            data[at + 15] == 0) {
            cuts[n++] = at;
        }
    }
    return n;
}

static void put(const char *path, const uint8_t *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    close(fd);
}

/* The source is the last bytes of what was put there, from where a file
 * begins; which is returned. */
static size_t check_source(const uint8_t *data, size_t size, const size_t *cuts,
                           size_t n)
{
    struct pmt_source source;
    struct pmt_error err;
    struct pmt_place place;
    uint64_t last_at;
    uint8_t piece[4096];
    size_t start, at;

    FUZZ_MUST(pmt_source_open_trace(&source, trace, &last_at, &err) == PMT_OK);
    FUZZ_MUST(source.size <= size && last_at <= source.size);
    start = at = size - (size_t)source.size;
    FUZZ_MUST(!start || (n && start == cuts[0]) ||
              (n > 1 && start == cuts[1]) || (n > 2 && start == cuts[2]));
    FUZZ_MUST(start + last_at == (n ? cuts[0] : 0));
    while (at < size) {
        int64_t got = source.read_at(source.context, at - start, piece,
                                     sizeof piece, &err);

        FUZZ_MUST(got > 0 && (size_t)got <= size - at);
        FUZZ_MUST(!memcmp(piece, data + at, (size_t)got));
        pmt_source_place(&source, at - start, &place);
        FUZZ_MUST(place.older == (at - start < last_at));
        FUZZ_MUST(place.offset <= at - start);
        at += (size_t)got;
    }
    pmt_source_close(&source);
    return start;
}

static void check_walk(const uint8_t *data, size_t size)
{
    struct fuzz_walk memory, files;
    struct pmt_reader *r;

    fuzz_walk(data, size, 0, NULL, &memory);
    memset(&files, 0, sizeof files);
    files.opened = pmt_reader_open_path(&r, trace, NULL, &files.err);
    FUZZ_MUST(files.opened == memory.opened);
    if (files.opened == PMT_OK) {
        fuzz_walk_reader(r, size, &files);
        FUZZ_MUST(files.ended == memory.ended);
        FUZZ_MUST(files.digest == memory.digest);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char names[FILES][128];
    size_t cuts[FILES];
    size_t n, end = size, start;
    struct pmt_source last;
    uint8_t uuid[16];
    uint32_t part = 0;
    size_t made = 0;

    if (!folder[0]) {
        make_folder();
    }
    n = find_cuts(data, size, cuts);
    pmt_source_from_memory(&last, data + (n ? cuts[0] : 0),
                           size - (n ? cuts[0] : 0));
    if (!pmt_source_part(&last, 0, uuid, &part)) {
        part = 0;
    }
    pmt_source_close(&last);
    for (size_t i = 0; i <= n && i <= part; i++) {
        size_t from = i < n ? cuts[i] : 0;

        if (i == 0) {
            snprintf(names[i], sizeof names[i], "%s", trace);
        } else {
            FUZZ_MUST(pmt_part_path(names[i], sizeof names[i], trace,
                                    part - (uint32_t)i) == PMT_OK);
        }
        put(names[i], data + from, end - from);
        end = from;
        made++;
    }
    start = check_source(data, size, cuts, n);
    check_walk(data + start, size - start);
    for (size_t i = 0; i < made; i++) {
        unlink(names[i]);
    }
    return 0;
}
