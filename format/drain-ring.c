/*
 * drain-ring.c - a stream in parts, of which the last are kept (pmt/drain.h).
 *
 * A part ends at a flush, so that everything that was taken is in it:
 *
 *   1. the next part is written whole, under a name of its own: the stream's
 *      header and what is live;
 *   2. the index of the old part is written and committed;
 *   3. the old part gets its second name, the next part its first;
 *   4. the journal says how long the file at that name is, and which part.
 *
 * Dead before 3 is complete: the old part stands, and the journal goes on
 * with it. Dead between 3 and 4: the part at the first name is greater than
 * the journal's, which says that the file is whole and the journal goes on
 * with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drain-private.h"
#include "writer-parts.h"

#define PARTS 8             /* about so many share the limit, or the age */
#define OLD_MAX (PMT_DRAIN_PARTS_MAX - 1) /* parts besides the newest */
#define WAIT_RECORDS 1000   /* at most, for an end of reallocs, */
#define WAIT_NS UINT64_C(1000000000) /* or so long */
#define RETRY_NS UINT64_C(250000000) /* at first, after a failure, */
#define RETRY_MAX_NS UINT64_C(30000000000) /* and at most */
#define BLOCK UINT64_C(4096)
#define LIMIT_LEAST UINT64_C(65536) /* whatever the journal takes */

/* A part that is not the newest. */
struct old_part {
    uint32_t number;
    uint64_t bytes;
    uint64_t dev, ino;
    uint64_t end_ns;        /* monotonic: no record is later */
    uint64_t records;
};

struct pmt_drain_ring {
    uint64_t limit;         /* of all parts; 0: none */
    uint64_t max_age_ns;    /* 0: none */
    bool recorded[PMT_KEPT_KINDS];

    struct old_part old[OLD_MAX];
    uint32_t old_count;
    uint64_t old_bytes;
    uint64_t let_go;        /* records */

    /* The newest part. */
    uint32_t number;
    uint64_t begun_ns;
    uint64_t carried;       /* bytes with which it began */
    uint64_t records_before;

    /* The next one. */
    bool due;               /* it waits for an end of reallocs, */
    uint64_t due_ns;        /* since then, */
    uint32_t waited;        /* for so many records */
    uint64_t retry_ns;      /* not before */
    uint64_t backoff_ns;
    uint64_t too_many;      /* live blocks that did not fit; 0: none */
    unsigned told;          /* sets that memory was too little for */
    bool taken_told;        /* that another file has a part's name */
};

/* ---- how much there is --------------------------------------------------- */

static uint64_t on_disk(uint64_t bytes)
{
    return (bytes + BLOCK - 1) & ~(BLOCK - 1);
}

/* With `more` bytes in the newest part. */
static uint64_t bytes_with(const struct pmt_drain *d, uint64_t more)
{
    return d->ring->old_bytes + on_disk(d->file_end + more);
}

bool pmt_drain_remove_oldest(struct pmt_drain *d)
{
    struct pmt_drain_ring *r = d->ring;

    if (!r || !r->old_count ||
        !pmt_ring_remove(d->file.path, r->old[0].number, r->old[0].dev,
                         r->old[0].ino)) {
        return false;
    }
    r->old_bytes -= r->old[0].bytes;
    r->let_go += r->old[0].records;
    r->old_count--;
    memmove(r->old, r->old + 1, r->old_count * sizeof *r->old);
    return true;
}

void pmt_drain_make_room(struct pmt_drain *d, uint64_t more)
{
    struct pmt_drain_ring *r = d->ring;

    while (r && r->limit && bytes_with(d, more) > r->limit &&
           pmt_drain_remove_oldest(d)) {
    }
    if (r && r->max_age_ns && r->old_count) {
        uint64_t now = pmt_drain_now(d);

        while (r->old_count && now - r->old[0].end_ns > r->max_age_ns &&
               pmt_drain_remove_oldest(d)) {
        }
    }
}

/* ---- the next part's file ------------------------------------------------- */

struct next_part {
    struct pmt_drain *d;
    struct pmt_ring_file file;
    uint64_t bytes;
    bool bounded;           /* half the limit is all that it may take */
};

static bool is_full(const struct pmt_error *err)
{
    return err->sys_errno == ENOSPC || err->sys_errno == EDQUOT;
}

static int write_next(void *context, const void *bytes, size_t n,
                      struct pmt_error *err)
{
    struct next_part *next = context;
    struct pmt_drain *d = next->d;
    uint64_t limit = d->ring->limit;
    struct pmt_error own = {0};
    int rc;

    if (next->bounded && limit && next->bytes + n > limit / 2) {
        return pmt_error_set(err, PMT_ERR_LIMIT, PMT_NO_OFFSET,
                             "the live set is too big for a part");
    }
    pmt_drain_make_room(d, on_disk(next->bytes + n));
    do {
        rc = pmt_ring_file_ready(&next->file, &own);
        rc = rc < 0 ? rc : pmt_ring_file_write(&next->file, bytes, n,
                                               next->bytes, &own);
    } while (rc < 0 && is_full(&own) && pmt_drain_remove_oldest(d));
    if (rc < 0) {
        if (err) {
            *err = own;
        }
        return rc;
    }
    next->bytes += n;
    return PMT_OK;
}

/* The next part from its beginning, with what is live if `carry`. */
static int write_part(struct pmt_drain *d, struct next_part *next, bool carry,
                      unsigned *unknown, struct pmt_error *err)
{
    const struct pmt_sink sink = {.context = next, .write = write_next};
    int rc;

    *unknown = 0;
    next->bytes = 0;
    next->bounded = carry;
    rc = pmt_writer_begin_part(d->writer, &sink, 0, err);
    if (rc == PMT_OK && carry) {
        rc = pmt_writer_carry_over(d->writer, d->ring->recorded, unknown,
                                   err);
    }
    return rc;
}

/* Tries with what is live first, and then in a new file without. */
static int make_part(struct pmt_drain *d, struct next_part *next,
                     const struct pmt_writer_point *point, bool *left_out,
                     unsigned *unknown, struct pmt_error *err)
{
    struct pmt_drain_ring *r = d->ring;
    uint64_t count = pmt_live_map_count(pmt_writer_live(d->writer));
    int rc;

    *left_out = r->too_many && count >= r->too_many;
    rc = write_part(d, next, !*left_out, unknown, err);
    if (rc == PMT_ERR_LIMIT) {
        r->too_many = count;
    }
    if (!*left_out && (rc == PMT_ERR_LIMIT || rc == PMT_ERR_MEMORY)) {
        *left_out = true;
        pmt_ring_discard(&next->file);
        rc = pmt_ring_create(&next->file, &d->file, err);
        pmt_writer_go_back(d->writer, point);
        rc = rc < 0 ? rc : write_part(d, next, false, unknown, err);
    } else if (!*left_out) {
        r->too_many = 0;
    }
    return rc;
}

/* ---- what is said of a part ------------------------------------------------ */

static void say(struct pmt_drain *d, const char *text)
{
    const struct pmt_mark mark = {.text = text,
                                  .text_bytes = (uint32_t)strlen(text)};

    pmt_writer_mark(d->writer, &mark, NULL);
}

/* `unknown`: the sets that are not there, for want of memory. */
static void say_what_lacks(struct pmt_drain *d, bool left_out,
                           unsigned unknown)
{
    struct pmt_drain_ring *r = d->ring;

    pmt_drain_anchor(d);
    if (left_out) {
        say(d, "pmtrace: part begins without its live set: no room for it");
    } else if (unknown) {
        say(d, "pmtrace: part begins without its live set: out of memory");
    }
    if (unknown & ~r->told) {
        pmt_journal_lose(d->journal, PMT_LOSS_MEMORY, 1);
        r->told |= unknown;
    }
}

/* Once: whoever makes such files may make many. */
static void say_not_kept(struct pmt_drain *d)
{
    if (!d->ring->taken_told) {
        say(d, "pmtrace: parts let go: another file has the name of one");
    }
    d->ring->taken_told = true;
}

/* ---- the turn -------------------------------------------------------------- */

/* The old part is one of those that are kept. */
static void keep_old(struct pmt_drain *d)
{
    struct pmt_drain_ring *r = d->ring;
    struct old_part *p;
    uint64_t bytes = pmt_ring_file_bytes(&d->file);

    if (r->old_count == OLD_MAX && !pmt_drain_remove_oldest(d)) {
        return;
    }
    p = &r->old[r->old_count++];
    p->number = r->number;
    p->bytes = bytes > on_disk(d->file_end) ? bytes : on_disk(d->file_end);
    p->dev = d->file.dev;
    p->ino = d->file.ino;
    p->end_ns = pmt_drain_now(d);
    p->records = pmt_writer_records(d->writer) - r->records_before;
    r->old_bytes += p->bytes;
}

/* The old part has no name. Those before it would not be found without it:
 * parts are looked for from the newest on. */
static void let_go_of_all(struct pmt_drain *d)
{
    struct pmt_drain_ring *r = d->ring;

    while (pmt_drain_remove_oldest(d)) {
    }
    r->let_go += pmt_writer_records(d->writer) - r->records_before;
}

/* Step 4, and the same in memory. */
static void go_on_in(struct pmt_drain *d, const struct next_part *next,
                     bool kept)
{
    struct pmt_journal_header *h = d->journal->header;
    struct pmt_drain_ring *r = d->ring;
    struct pmt_sink sink;

    if (kept) {
        keep_old(d);
    } else {
        let_go_of_all(d);
    }
    r->number++;
    __atomic_store_n(&h->committed_end, next->bytes, __ATOMIC_RELEASE);
    __atomic_store_n(&h->part, r->number, __ATOMIC_RELEASE);
    pmt_ring_file_release(&d->file);
    d->file = next->file;
    d->file_end = next->bytes;
    pmt_sink_to_buffer(&sink, &d->out);
    pmt_writer_to(d->writer, &sink);
    r->carried = next->bytes;
    r->begun_ns = pmt_drain_now(d);
    r->records_before = pmt_writer_records(d->writer);
    pmt_drain_make_room(d, 0); /* the old part may take more than its bytes */
}

static int turn(struct pmt_drain *d, struct pmt_error *err)
{
    struct next_part next = {.d = d};
    struct pmt_writer_point point;
    unsigned unknown = 0;
    bool left_out = false, kept;
    int rc = pmt_ring_file_ready(&d->file, err);

    rc = rc < 0 ? rc : pmt_ring_create(&next.file, &d->file, err);
    if (rc < 0) {
        return rc;
    }
    rc = pmt_writer_end_region(d->writer, &point, err);
    rc = rc < 0 ? rc
                : make_part(d, &next, &point, &left_out, &unknown, err);
    rc = rc < 0 ? rc : pmt_drain_commit(d, err);
    rc = rc < 0 ? rc : pmt_ring_switch(&d->file, &next.file, d->ring->number,
                                       &kept, err);
    if (rc < 0) {
        pmt_writer_go_back(d->writer, &point);
        pmt_ring_discard(&next.file);
        return rc;
    }
    go_on_in(d, &next, kept);
    say_what_lacks(d, left_out, unknown);
    if (!kept) {
        say_not_kept(d);
    }
    return PMT_OK;
}

/* Is the part long or old enough? One is at least twice as long as what it
 * begins with, but two have room within the limit. */
static bool is_full_part(const struct pmt_drain *d, uint64_t now)
{
    const struct pmt_drain_ring *r = d->ring;
    uint64_t least = r->limit / PARTS;

    if (pmt_writer_records(d->writer) == r->records_before) {
        return false;
    }
    if (r->max_age_ns && now - r->begun_ns >= r->max_age_ns / PARTS) {
        return true;
    }
    least = least > 2 * r->carried ? least : 2 * r->carried;
    least = least < r->limit / 2 ? least : r->limit / 2;
    return r->limit && d->file_end >= least;
}

bool pmt_drain_may_turn(struct pmt_drain *d)
{
    struct pmt_drain_ring *r = d->ring;

    return r && r->due &&
           (++r->waited >= WAIT_RECORDS ||
            !pmt_live_map_in_realloc(pmt_writer_live(d->writer)));
}

void pmt_drain_turn(struct pmt_drain *d)
{
    struct pmt_drain_ring *r = d->ring;
    uint64_t now;

    if (!r) {
        return;
    }
    pmt_drain_make_room(d, 0);
    now = pmt_drain_now(d);
    if (now < r->retry_ns || !is_full_part(d, now)) {
        return;
    }
    if (!r->due) {
        r->due = true;
        r->due_ns = now;
        r->waited = 0;
    }
    d->reader.one_by_one =
        pmt_live_map_in_realloc(pmt_writer_live(d->writer)) &&
        r->waited < WAIT_RECORDS && now - r->due_ns < WAIT_NS;
    if (d->reader.one_by_one) {
        return;
    }
    r->due = false;
    if (turn(d, NULL) == PMT_OK) {
        r->backoff_ns = 0;
        return;
    }
    r->backoff_ns = r->backoff_ns ? r->backoff_ns * 2 : RETRY_NS;
    r->backoff_ns =
        r->backoff_ns < RETRY_MAX_NS ? r->backoff_ns : RETRY_MAX_NS;
    r->retry_ns = now + r->backoff_ns;
}

int pmt_drain_ring_limit(struct pmt_drain *d, struct pmt_error *err)
{
    const struct pmt_drain_ring *r = d->ring;

    if (!r || !r->limit || on_disk(d->file_end) <= r->limit) {
        return PMT_OK;
    }
    pmt_drain_turn(d);
    if (on_disk(d->file_end) <= r->limit) {
        return PMT_OK;
    }
    return pmt_error_set_errno(err, ENOSPC, d->file_end,
                               "the trace is as big as it may be, and no "
                               "part can begin");
}

int pmt_drain_open_parts(const struct pmt_drain *d,
                         struct pmt_ring_from from[PMT_DRAIN_PARTS_MAX],
                         size_t *count, struct pmt_error *err)
{
    const struct pmt_drain_ring *r = d->ring;

    *count = 0;
    for (uint32_t i = 0; r && i < r->old_count; i++) {
        const struct old_part *p = &r->old[i];

        *count += pmt_ring_open_part(&from[*count], d->file.path, p->number,
                                     p->dev, p->ino);
    }
    return pmt_ring_open_now(&from[*count], &d->file, d->file_end, err) < 0
               ? PMT_ERR_IO
               : (++*count, PMT_OK);
}

/* ---- beginning and end ------------------------------------------------------ */

static void find_kinds(struct pmt_drain_ring *r,
                       const struct pmt_stream_info *info)
{
    for (size_t i = 0; info->hooks && i < info->hook_count; i++) {
        if (!strncmp(info->hooks[i], "alloc:", 6)) {
            r->recorded[PMT_KEPT_ALLOC] = true;
        }
        if (!strcmp(info->hooks[i], "object")) {
            r->recorded[PMT_KEPT_OBJECT] = true;
        }
    }
}

int pmt_drain_ring_new(struct pmt_drain *d,
                       const struct pmt_drain_target *target,
                       const struct pmt_stream_info *info,
                       struct pmt_error *err)
{
    uint64_t journal = d->journal->has_file ? d->journal->bytes : 0;
    struct pmt_drain_ring *r;

    if (!target->max_bytes && !target->max_age_ns) {
        return PMT_OK;
    }
    if (!target->path) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "a ring needs the name of its file");
    }
    r = calloc(1, sizeof *r);
    if (!r || pmt_writer_keep_live(d->writer) < 0) {
        free(r);
        return pmt_error_set_memory(err);
    }
    if (target->max_bytes) {
        r->limit = target->max_bytes > journal + LIMIT_LEAST
                       ? target->max_bytes - journal
                       : LIMIT_LEAST;
    }
    r->max_age_ns = target->max_age_ns;
    r->begun_ns = pmt_drain_now(d);
    find_kinds(r, info);
    d->ring = r;
    return PMT_OK;
}

void pmt_drain_ring_free(struct pmt_drain *d)
{
    free(d->ring);
    d->ring = NULL;
}

uint64_t pmt_drain_ring_memory(const struct pmt_drain *d)
{
    return d->ring ? sizeof *d->ring : 0;
}

void pmt_drain_ring(const struct pmt_drain *d, struct pmt_ring_figures *f)
{
    const struct pmt_drain_ring *r = d->ring;

    memset(f, 0, sizeof *f);
    f->parts = 1 + (r ? r->old_count : 0);
    f->part = r ? r->number : 0;
    f->bytes = r ? bytes_with(d, 0) : on_disk(d->file_end);
    if (d->journal->has_file && !d->journal->header->closed) {
        f->bytes += d->journal->bytes;
    }
    f->let_go = r ? r->let_go : 0;
    f->live_blocks =
        r ? pmt_live_map_count(pmt_writer_live(d->writer)) : 0;
}
