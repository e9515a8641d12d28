/* info-tree.c: see info-tree.h. (Longer than most: text and JSON share the
 * rows, which are private.) */
#include "info-tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "names.h"

/* Deeper ones are shown as if they were at this depth. */
#define DEPTH_SHOWN 12

enum ending {
    FINISHED,  /* stopped as meant */
    DIED,      /* no end, and nobody writes it */
    RECOVERED, /* died, and a recovery tool wrote the end */
    REPLACED,  /* replaced its program, which goes on in another stream */
    RUNNING,
    DUMP,      /* not known: a copy that was made before */
    ENDINGS
};

static const char *const ending_names[ENDINGS] = {
    "finished", "died", "recovered", "exec", "running", "dump",
};

struct pmt_tree_row {
    uint8_t uuid[16], parent[16], session[16]; /* zero: none */
    bool has_parent, has_session, has_pid;
    uint64_t pid;
    char *file;
    enum ending ending;
    uint64_t records, let_go, lost, last_ns;
    bool has_time, let_go_known;
    int64_t start_real_ns;
    uint32_t part;
    uint64_t journal_records;
    bool has_boot;
    uint8_t boot[16];
    uint64_t start_mono_ns;
    /* Set by set_in_order. */
    int64_t session_start; /* real time of the session's first stream */
    uint32_t depth;
    bool made_by_exec, parent_is_here, visited;
    struct pmt_tree_sampled *sampled; /* the same process; NULL: none */
};

/* ---- taking streams ---------------------------------------------------- */

static enum ending ending_of(const struct pmt_info *info,
                             const struct pmt_summary_stream *stream)
{
    switch (pmt_info_state(info, stream)) {
    case PMT_STREAM_COMPLETE:
        return FINISHED;
    case PMT_STREAM_RECOVERED:
        return RECOVERED;
    case PMT_STREAM_RECORDING:
        return RUNNING;
    case PMT_STREAM_DUMP:
        return DUMP;
    case PMT_STREAM_INCOMPLETE:
    case PMT_STREAM_REFUSED:
        break;
    }
    return DIED;
}

static void fill(struct pmt_tree_row *p, const struct pmt_info *info,
                 const struct pmt_summary_stream *stream)
{
    const struct pmt_stream_header *h = stream->header;

    *p = (struct pmt_tree_row){
        .has_parent = h->has_parent,
        .has_session = h->has_session,
        .has_pid = h->has_pid,
        .pid = h->pid,
        .file = pmt_xstrdup(info->name),
        .ending = ending_of(info, stream),
        .records = pmt_summary_stream_records(stream) +
                   stream->journal_records,
        .journal_records = stream->journal_records,
        .let_go = stream->let_go,
        .let_go_known = stream->let_go_known,
        .lost = pmt_info_lost(stream),
        .has_time = stream->has_time,
        .last_ns = stream->t1 * h->tick_ns,
        .start_real_ns = h->start_real_ns,
        .part = stream->part_last,
        .has_boot = h->has_boot,
        .start_mono_ns = h->start_mono_ns,
    };
    if (h->has_boot)
        memcpy(p->boot, h->boot, sizeof p->boot);
    memcpy(p->uuid, h->uuid, sizeof p->uuid);
    if (h->has_parent)
        memcpy(p->parent, h->parent, sizeof p->parent);
    if (h->has_session)
        memcpy(p->session, h->session, sizeof p->session);
}

/* Is `a` more of the same stream than `b`? */
static bool is_more(const struct pmt_tree_row *a, const struct pmt_tree_row *b)
{
    if (a->part != b->part)
        return a->part > b->part;
    return a->last_ns > b->last_ns ||
           (a->last_ns == b->last_ns && a->records > b->records);
}

void pmt_info_tree_add(struct pmt_info_tree *tree,
                       const struct pmt_info *info)
{
    const struct pmt_summary *s = info->summary;

    for (size_t i = 0; i < s->stream_count; i++) {
        if (s->streams[i].header == NULL || s->streams[i].refused)
            continue;
        if (tree->count == tree->capacity) {
            tree->capacity = tree->capacity * 2 + 16;
            tree->processes =
                pmt_xreallocarray(tree->processes, tree->capacity,
                                  sizeof *tree->processes);
        }
        fill(&tree->processes[tree->count++], info, &s->streams[i]);
        pmt_tree_sampled_add(tree, info, &s->streams[i]);
    }
}

void pmt_info_tree_release(struct pmt_info_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        free(tree->processes[i].file);
    free(tree->processes);
    for (size_t i = 0; i < tree->sampled_count; i++)
        free(tree->sampled[i].file);
    free(tree->sampled);
    memset(tree, 0, sizeof *tree);
}

/* ---- the order --------------------------------------------------------- */

static int by_uuid(const void *a, const void *b)
{
    const struct pmt_tree_row *x = a, *y = b;
    int order = memcmp(x->uuid, y->uuid, sizeof x->uuid);

    return order != 0 ? order : is_more(y, x) - is_more(x, y);
}

static int by_session(const void *a, const void *b)
{
    const struct pmt_tree_row *x = a, *y = b;
    int order = memcmp(x->session, y->session, sizeof x->session);

    if (order != 0)
        return order;
    return (x->start_real_ns > y->start_real_ns) -
           (x->start_real_ns < y->start_real_ns);
}

/* Sessions in the order in which they began; in one those of a parent
 * together, in the order in which they were started. */
static int by_parent(const void *a, const void *b)
{
    const struct pmt_tree_row *x = a, *y = b;
    int order;

    if (x->session_start != y->session_start)
        return x->session_start < y->session_start ? -1 : 1;
    order = memcmp(x->session, y->session, sizeof x->session);
    if (order == 0)
        order = memcmp(x->parent, y->parent, sizeof x->parent);
    if (order == 0)
        order = (x->start_real_ns > y->start_real_ns) -
                (x->start_real_ns < y->start_real_ns);
    if (order == 0)
        order = (x->pid > y->pid) - (x->pid < y->pid);
    return order != 0 ? order : memcmp(x->uuid, y->uuid, sizeof x->uuid);
}

/* A stream that was met several times stays once. */
static void drop_repeated(struct pmt_info_tree *tree)
{
    size_t kept = 0;

    qsort(tree->processes, tree->count, sizeof *tree->processes, by_uuid);
    for (size_t i = 0; i < tree->count; i++) {
        struct pmt_tree_row *p = &tree->processes[i];

        if (kept > 0 && memcmp(tree->processes[kept - 1].uuid, p->uuid,
                               sizeof p->uuid) == 0)
            free(p->file);
        else
            tree->processes[kept++] = *p;
    }
    tree->count = kept;
}

static void find_session_starts(struct pmt_info_tree *tree)
{
    struct pmt_tree_row *p = tree->processes;

    qsort(p, tree->count, sizeof *p, by_session);
    for (size_t i = 0; i < tree->count; i++)
        p[i].session_start =
            i > 0 && memcmp(p[i].session, p[i - 1].session,
                            sizeof p->session) == 0
                ? p[i - 1].session_start
                : p[i].start_real_ns;
}

/* Where the processes of this session and parent begin in `p`, which is
 * sorted by_parent. */
static size_t first_child(const struct pmt_tree_row *p, size_t count,
                          const struct pmt_tree_row *parent)
{
    struct pmt_tree_row key = *parent;
    size_t low = 0, high = count;

    memcpy(key.parent, parent->uuid, sizeof key.parent);
    key.start_real_ns = INT64_MIN;
    key.pid = 0;
    memset(key.uuid, 0, sizeof key.uuid);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_parent(&p[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_child(const struct pmt_tree_row *child,
                     const struct pmt_tree_row *parent)
{
    return child->has_parent &&
           memcmp(child->parent, parent->uuid, sizeof child->parent) == 0 &&
           memcmp(child->session, parent->session, sizeof child->session) ==
               0;
}

/* An exec goes on in a stream of the same process. */
static void note_exec(struct pmt_tree_row *parent, struct pmt_tree_row *child)
{
    child->made_by_exec =
        parent->has_pid && child->has_pid && parent->pid == child->pid;
    if (child->made_by_exec &&
        (parent->ending == DIED || parent->ending == RECOVERED ||
         parent->ending == DUMP))
        parent->ending = REPLACED;
}

/* The end of the children that begin at `first`. */
static size_t last_child(const struct pmt_info_tree *tree, size_t first,
                         const struct pmt_tree_row *parent)
{
    while (first < tree->count && is_child(&tree->processes[first], parent))
        first++;
    return first;
}

/* `root` and all that stem from it, to the end of `out`. Parents may go in a
 * circle: each is visited once. */
static size_t visit(struct pmt_info_tree *tree, size_t root, size_t *stack,
                    size_t *out, size_t done)
{
    struct pmt_tree_row *p = tree->processes;
    size_t depth = 0;

    stack[depth++] = root;
    p[root].visited = true;
    while (depth > 0) {
        size_t at = stack[--depth];
        size_t first = first_child(p, tree->count, &p[at]);
        size_t end = last_child(tree, first, &p[at]);

        out[done++] = at;
        for (size_t i = end; i-- > first;) { /* the first on top */
            if (p[i].visited)
                continue;
            p[i].visited = true;
            p[i].depth = p[at].depth + 1;
            note_exec(&p[at], &p[i]);
            stack[depth++] = i;
        }
    }
    return done;
}

static void find_parents(struct pmt_info_tree *tree)
{
    struct pmt_tree_row *p = tree->processes;

    for (size_t i = 0; i < tree->count; i++) {
        size_t child = first_child(p, tree->count, &p[i]);
        size_t end = last_child(tree, child, &p[i]);

        while (child < end)
            p[child++].parent_is_here = true;
    }
}

static void set_in_order(struct pmt_info_tree *tree)
{
    struct pmt_tree_row *sorted;
    size_t *stack, *out, done = 0;

    drop_repeated(tree);
    find_session_starts(tree);
    qsort(tree->processes, tree->count, sizeof *tree->processes, by_parent);
    find_parents(tree);
    stack = pmt_xcalloc(tree->count + 1, sizeof *stack);
    out = pmt_xcalloc(tree->count + 1, sizeof *out);
    for (size_t i = 0; i < tree->count; i++)
        if (!tree->processes[i].parent_is_here)
            done = visit(tree, i, stack, out, done);
    for (size_t i = 0; i < tree->count; i++)
        if (!tree->processes[i].visited) /* in a circle */
            done = visit(tree, i, stack, out, done);
    sorted = pmt_xcalloc(tree->count + 1, sizeof *sorted);
    for (size_t i = 0; i < done; i++)
        sorted[i] = tree->processes[out[i]];
    free(tree->processes);
    tree->processes = sorted;
    tree->capacity = tree->count;
    free(stack);
    free(out);
}

static void find_sampled(struct pmt_info_tree *tree)
{
    pmt_tree_sampled_sort(tree);
    for (size_t i = 0; i < tree->count; i++) {
        struct pmt_tree_row *row = &tree->processes[i];

        if (!row->has_boot || !row->has_pid)
            continue;
        row->sampled = pmt_tree_sampled_find(tree, row->boot, row->pid,
                                             row->start_mono_ns);
        if (row->sampled)
            row->sampled->recorded = true;
    }
}

/* ---- text -------------------------------------------------------------- */

static bool begins_session(const struct pmt_info_tree *tree, size_t i)
{
    return i == 0 ||
           memcmp(tree->processes[i].session, tree->processes[i - 1].session,
                  sizeof tree->processes[i].session) != 0;
}

/* "session UUID: 9 processes: 7 finished, 2 died" */
static void put_session(const struct pmt_info_tree *tree, size_t from,
                        FILE *file)
{
    const struct pmt_tree_row *p = &tree->processes[from];
    uint64_t of[ENDINGS] = {0}, lost = 0;
    char uuid[PMT_UUID_SIZE], count[PMT_TEXT_SIZE];
    const char *before = ": ";
    size_t n = 0;

    do {
        of[tree->processes[from + n].ending]++;
        lost += tree->processes[from + n].lost;
        n++;
    } while (from + n < tree->count && !begins_session(tree, from + n));
    if (p->has_session)
        fprintf(file, "session %s", pmt_name_uuid(uuid, p->session));
    else
        fputs("no session", file);
    fprintf(file, ": %s process%s", pmt_text_count(count, n),
            n == 1 ? "" : "es");
    for (int i = 0; i < ENDINGS; i++) {
        if (of[i] == 0)
            continue;
        fprintf(file, "%s%s %s", before, pmt_text_count(count, of[i]),
                ending_names[i]);
        before = ", ";
    }
    if (lost > 0)
        fprintf(file, "; %s event%s lost", pmt_text_count(count, lost),
                lost == 1 ? "" : "s");
    putc('\n', file);
}

/* `joined`: with samples. */
static void put_row(struct pmt_listing *list, const struct pmt_tree_row *p,
                    bool joined)
{
    uint32_t depth = p->depth < DEPTH_SHOWN ? p->depth : DEPTH_SHOWN;
    char wall[PMT_WALL_SIZE];

    if (p->has_pid)
        pmt_listing_printf(list, "  %*s%" PRIu64 "%s", (int)depth * 2, "",
                           p->pid, p->made_by_exec ? " (exec)" : "");
    else
        pmt_listing_printf(list, "  %*s?", (int)depth * 2, "");
    pmt_listing_text(list, ending_names[p->ending]);
    pmt_listing_text(list, pmt_name_wall(wall, p->start_real_ns));
    if (p->has_time)
        pmt_listing_seconds(list, p->last_ns);
    else
        pmt_listing_text(list, NULL);
    pmt_listing_count(list, p->records);
    if (p->part == 0)
        pmt_listing_text(list, NULL);
    else if (p->let_go_known)
        pmt_listing_count(list, p->let_go);
    else
        pmt_listing_text(list, "?");
    pmt_listing_count(list, p->lost);
    if (joined && p->sampled) {
        pmt_listing_count(list, p->sampled->samples);
        pmt_listing_size(list, p->sampled->rss_most);
    } else if (joined) {
        pmt_listing_text(list, NULL);
        pmt_listing_text(list, NULL);
    }
    pmt_listing_text(list, p->file);
}

/* Of processes that are in no row. */
static void put_sampled_alone(const struct pmt_info_tree *tree, FILE *file)
{
    char count[PMT_TEXT_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < tree->sampled_count; i++)
        n += !tree->sampled[i].recorded;
    if (n > 0)
        fprintf(file, "sampled and not recorded: %s process%s (pmt info of "
                "the trace shows them)\n", pmt_text_count(count, n),
                n == 1 ? "" : "es");
}

/* Has any row samples too? */
static bool any_joined(const struct pmt_info_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->processes[i].sampled)
            return true;
    return false;
}

void pmt_info_tree_text(struct pmt_info_tree *tree, FILE *file)
{
    struct pmt_listing_column columns[10] = {
        {.title = "  pid"},
        {.title = "ended"},
        {.title = "started"},
        {.title = "last at", .right = true},
        {.title = "records", .right = true},
        {.title = "let go", .right = true},
        {.title = "lost", .right = true},
    };
    size_t n = 7;
    bool joined;

    set_in_order(tree);
    find_sampled(tree);
    joined = any_joined(tree);
    if (joined) {
        columns[n++] = (struct pmt_listing_column){.title = "sampled",
                                                   .right = true};
        columns[n++] = (struct pmt_listing_column){.title = "peak RSS",
                                                   .right = true};
    }
    columns[n++].title = "file";
    for (size_t i = 0; i < tree->count;) {
        struct pmt_listing *list = pmt_listing_new(columns, n);

        put_session(tree, i, file);
        do {
            put_row(list, &tree->processes[i++], joined);
        } while (i < tree->count && !begins_session(tree, i));
        pmt_listing_print(list, file);
        pmt_listing_free(list);
    }
    put_sampled_alone(tree, file);
}

/* ---- JSON -------------------------------------------------------------- */

static void put_json_sampled(struct pmt_json *j,
                             const struct pmt_tree_sampled *sampled)
{
    if (sampled == NULL) {
        pmt_json_null(j, "sampled");
        return;
    }
    pmt_json_object_begin(j, "sampled");
    pmt_json_string(j, "file", sampled->file);
    pmt_json_u64(j, "samples", sampled->samples);
    pmt_json_u64(j, "rss_peak", sampled->rss_most);
    pmt_json_u64(j, "cpu_ns", sampled->cpu_ns);
    pmt_json_string(j, "ended", sampled->ended);
    pmt_json_object_end(j);
}

static void put_json_process(struct pmt_json *j, const struct pmt_tree_row *p)
{
    pmt_json_object_begin(j, NULL);
    pmt_json_hex_bytes(j, "uuid", p->uuid, 16);
    if (p->has_parent)
        pmt_json_hex_bytes(j, "parent", p->parent, 16);
    else
        pmt_json_null(j, "parent");
    if (p->has_session)
        pmt_json_hex_bytes(j, "session", p->session, 16);
    else
        pmt_json_null(j, "session");
    pmt_json_u64(j, "depth", p->depth);
    if (p->has_pid)
        pmt_json_u64(j, "pid", p->pid);
    else
        pmt_json_null(j, "pid");
    pmt_json_bool(j, "exec", p->made_by_exec);
    pmt_json_string(j, "file", p->file);
    pmt_json_string(j, "ended", ending_names[p->ending]);
    pmt_json_i64(j, "start_real_ns", p->start_real_ns);
    if (p->has_time)
        pmt_json_u64(j, "last_ns", p->last_ns);
    else
        pmt_json_null(j, "last_ns");
    pmt_json_u64(j, "records", p->records);
    pmt_json_u64(j, "journal_records", p->journal_records);
    if (p->let_go_known)
        pmt_json_u64(j, "let_go", p->let_go);
    else
        pmt_json_null(j, "let_go");
    pmt_json_u64(j, "lost", p->lost);
    put_json_sampled(j, p->sampled);
    pmt_json_object_end(j);
}

void pmt_info_tree_json(struct pmt_info_tree *tree, struct pmt_json *json)
{
    set_in_order(tree);
    find_sampled(tree);
    if (tree->count == 0)
        return;
    pmt_json_line_begin(json);
    pmt_json_array_begin(json, "processes");
    for (size_t i = 0; i < tree->count; i++)
        put_json_process(json, &tree->processes[i]);
    pmt_json_array_end(json);
    pmt_json_line_end(json);
}
