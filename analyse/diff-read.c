/* diff-read.c: see diff-read.h. */
#include "diff-read.h"

#include <stdlib.h>
#include <string.h>

#include "diff-pass.h"

/* The live blocks of a sampled stream on side A. */
struct pmt_diff_kept {
    uint64_t stream_key;
    struct pmt_live_table table;
};

static const enum pmt_live_which live_of[] = {
    [PMT_DIFF_BLOCKS] = PMT_LIVE_BLOCKS,
    [PMT_DIFF_OBJECTS] = PMT_LIVE_OBJECTS,
};

void pmt_diff_reading_release(struct pmt_diff_reading *reading)
{
    for (size_t i = 0; i < reading->kept_count; i++)
        pmt_live_table_release(&reading->kept[i].table);
    free(reading->kept);
    reading->kept = NULL;
    reading->kept_count = 0;
}

static bool wants(const struct pmt_diff_reading *reading,
                  enum pmt_diff_what what)
{
    return reading->wanted >> what & 1;
}

unsigned pmt_diff_live(const struct pmt_diff_reading *reading)
{
    return (wants(reading, PMT_DIFF_BLOCKS) ? PMT_LIVE_ALLOC : 0) |
           (wants(reading, PMT_DIFF_OBJECTS) ? PMT_LIVE_OBJECT : 0);
}

static uint64_t bit(enum pmt_kind kind)
{
    return UINT64_C(1) << kind;
}

uint64_t pmt_diff_skip_kinds(const struct pmt_diff_reading *reading)
{
    uint64_t skip = pmt_live_sets_skip_kinds(pmt_diff_live(reading));

    if (wants(reading, PMT_DIFF_BLOCKS))
        skip &= PMT_SNAPSHOTS_SKIP_KINDS;
    if (wants(reading, PMT_DIFF_HEAP))
        skip &= ~bit(PMT_KIND_HEAP);
    if (wants(reading, PMT_DIFF_PROCESS))
        skip &= ~bit(PMT_KIND_SAMPLE);
    if (reading->mark)
        skip &= ~bit(PMT_KIND_MARK);
    if (reading->function)
        skip &= ~(bit(PMT_KIND_CALL) | bit(PMT_KIND_CLASSES));
    return skip;
}

/* ---- what values are divided by ---------------------------------------- */

static bool is_text(struct pmt_text text, const char *other)
{
    return text.bytes && text.length == strlen(other) &&
           memcmp(text.bytes, other, text.length) == 0;
}

static uint64_t until_tick(const struct pmt_diff_pass *pass,
                           const struct pmt_event *event)
{
    uint64_t ns = pmt_instant_in_stream(pass->until, event->stream);

    return ns == UINT64_MAX
               ? ns
               : ns / pmt_stream_header(event->stream)->tick_ns;
}

static void count_marks(const struct pmt_diff_pass *pass, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    uint64_t until = until_tick(pass, event);

    for (uint32_t i = 0; i < event->envelope.count; i++)
        if ((!times || times[i] <= until) &&
            is_text(pmt_reader_text(r, i), pass->reading->mark))
            pass->found->counted++;
}

static bool is_call_of(const struct pmt_stream *stream, uint64_t class_id,
                       const char *function)
{
    struct pmt_class class;
    struct pmt_site site;
    struct pmt_code code;

    return class_id <= UINT32_MAX &&
           pmt_stream_class(stream, (uint32_t)class_id, &class) &&
           class.kind == PMT_KIND_CALL && class.what == PMT_CALL_CALL &&
           pmt_stream_site(stream, class.stack, &site) &&
           pmt_stream_code(stream, site.code, &code) &&
           is_text(code.function, function);
}

static void count_calls(const struct pmt_diff_pass *pass, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *classes = pmt_reader_column(r, PMT_COL_CLASS);
    uint64_t until = until_tick(pass, event), last = 0;
    bool is = false;

    for (uint32_t i = 0; classes && i < event->envelope.count; i++) {
        if (classes[i] != last)
            is = is_call_of(event->stream, classes[i],
                            pass->reading->function);
        last = classes[i];
        pass->found->counted += is && (!times || times[i] <= until);
    }
}

static int take_records(struct pmt_diff_pass *pass, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    switch (event->envelope.kind) {
    case PMT_KIND_MARK:
        if (pass->reading->mark)
            count_marks(pass, r, event);
        return PMT_OK;
    case PMT_KIND_CALL:
        if (pass->reading->function)
            count_calls(pass, r, event);
        return PMT_OK;
    case PMT_KIND_HEAP:
    case PMT_KIND_SAMPLE:
        return pmt_diff_figures_take(&pass->figures, r, event,
                                until_tick(pass, event));
    default:
        return PMT_OK;
    }
}

static void note_span(const struct pmt_diff_pass *pass, const struct pmt_event *event)
{
    uint32_t tick_ns;
    uint64_t until;

    if (event->type != PMT_EVENT_RECORDS && event->type != PMT_EVENT_END &&
        event->type != PMT_EVENT_SKIPPED_CHUNK)
        return;
    tick_ns = pmt_stream_header(event->stream)->tick_ns;
    until = pmt_instant_in_stream(pass->until, event->stream);
    if (event->envelope.t1 * tick_ns < until)
        until = event->envelope.t1 * tick_ns;
    if (until > pass->found->span_ns)
        pass->found->span_ns = until;
}

static int read_all(struct pmt_diff_pass *pass, struct pmt_trace *in,
                    struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        if (event.stream)
            note_span(pass, &event);
        code = pmt_live_sets_take(&pass->live, in->reader, &event, err);
        if (code == PMT_OK && wants(pass->reading, PMT_DIFF_BLOCKS))
            code = pmt_snapshots_take(&pass->snapshots, in->reader, &event,
                                      err);
        if (code == PMT_OK && event.type == PMT_EVENT_RECORDS &&
            take_records(pass, in->reader, &event))
            code = pmt_error_set(err, PMT_ERR_MEMORY, event.offset,
                                 "out of memory");
        if (code != PMT_OK)
            return code;
    }
    if (code != PMT_END)
        return code;
    pmt_live_sets_finish(&pass->live);
    pmt_snapshots_finish(&pass->snapshots);
    return PMT_OK;
}

/* ---- live sets --------------------------------------------------------- */

static int add_stream(struct pmt_diff_pass *pass, struct pmt_grouping *grouping,
                      enum pmt_diff_what what, size_t place)
{
    const struct pmt_live_stream *stream = &pass->live.streams[place];
    const struct pmt_live_set *set = &stream->sets[live_of[what]];

    if (!stream->seen[live_of[what]])
        return PMT_OK;
    pass->found->has[what] = true;
    pass->found->approximate |= pmt_live_set_is_approximate(set);
    pass->found->exit |= set->ended;
    return pmt_grouping_add_table(grouping, stream->stream, place, &set->table,
                                  set->sample_bytes);
}

static int add_sites(struct pmt_diff_pass *pass, struct pmt_diff *diff)
{
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < pass->live.stream_count; i++)
        code = pmt_diff_add_sites(diff, pass->side,
                                  pass->live.streams[i].stream);
    return code;
}

static int add_live(struct pmt_diff_pass *pass, enum pmt_diff_what what)
{
    struct pmt_diff *diff = pass->reading->tables[what];
    struct pmt_grouping grouping = {.by = diff->by,
                                    .cumulative = pass->reading->cumulative,
                                    .every_frame =
                                        pass->reading->every_frame};
    int code = PMT_OK;

    if (diff->match_lines && diff->by == PMT_BY_SITE)
        code = add_sites(pass, diff);
    for (size_t i = 0; code == PMT_OK && i < pass->live.stream_count; i++)
        code = add_stream(pass, &grouping, what, i);
    if (code == PMT_OK && what == PMT_DIFF_BLOCKS && !pass->found->has[what] &&
        pass->snapshots.count > 0 && !pass->reading->window &&
        !pass->reading->from) {
        pass->found->has[what] = pass->found->snapshot = true;
        code = pmt_snapshots_group(&pass->snapshots, &grouping);
    }
    if (code == PMT_OK)
        code = pmt_diff_add_grouping(diff, pass->side, pass->run, &grouping);
    pmt_grouping_release(&grouping);
    return code;
}

/* ---- what came and went of a sample ------------------------------------ */

/* The tables of sampled streams are kept for side B. */
static int keep(struct pmt_diff_pass *pass)
{
    struct pmt_diff_reading *reading = pass->reading;

    reading->kept = calloc(pass->live.stream_count + 1,
                           sizeof *reading->kept);
    if (!reading->kept)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < pass->live.stream_count; i++) {
        struct pmt_live_set *set =
            &pass->live.streams[i].sets[PMT_LIVE_BLOCKS];

        if (!set->sample_bytes)
            continue;
        reading->kept[reading->kept_count++] = (struct pmt_diff_kept){
            pass->live.streams[i].key, set->table};
        memset(&set->table, 0, sizeof set->table);
    }
    return PMT_OK;
}

/* Takes what both have out of both. */
static void cancel(struct pmt_live_table *a, struct pmt_live_table *b)
{
    const struct pmt_block *block;
    struct pmt_block *other, gone;
    uint32_t at = 0;

    while (a->count && b->count && (block = pmt_live_table_next(a, &at))) {
        uint64_t address = block->address;

        other = pmt_live_table_find(b, address);
        if (!other || other->time != block->time ||
            other->size != block->size || other->stack != block->stack)
            continue;
        pmt_live_table_remove(a, address, &gone);
        pmt_live_table_remove(b, address, &gone);
    }
}

static struct pmt_live_table *kept_of(struct pmt_diff_reading *reading,
                                      uint64_t stream_key)
{
    for (size_t i = 0; i < reading->kept_count; i++)
        if (reading->kept[i].stream_key == stream_key)
            return &reading->kept[i].table;
    return NULL;
}

static int add_residue(struct pmt_diff_pass *pass)
{
    struct pmt_diff *diff = pass->reading->tables[PMT_DIFF_BLOCKS];
    struct pmt_grouping gone = {.by = diff->by,
                                .cumulative = pass->reading->cumulative,
                                .every_frame = pass->reading->every_frame};
    struct pmt_grouping come = gone;
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < pass->live.stream_count; i++) {
        struct pmt_live_stream *stream = &pass->live.streams[i];
        struct pmt_live_set *set = &stream->sets[PMT_LIVE_BLOCKS];
        struct pmt_live_table *kept = kept_of(pass->reading, stream->key);

        if (!set->sample_bytes)
            continue;
        if (kept) {
            cancel(kept, &set->table);
            code = pmt_grouping_add_table(&gone, stream->stream, i, kept,
                                          set->sample_bytes);
        }
        if (code == PMT_OK)
            code = pmt_grouping_add_table(&come, stream->stream, i,
                                          &set->table, set->sample_bytes);
    }
    if (code == PMT_OK)
        code = pmt_diff_add_residue(diff, PMT_DIFF_A, &gone);
    if (code == PMT_OK)
        code = pmt_diff_add_residue(diff, PMT_DIFF_B, &come);
    pmt_grouping_release(&gone);
    pmt_grouping_release(&come);
    return code;
}

/* ---- all of it --------------------------------------------------------- */

static int add_figures(struct pmt_diff_pass *pass, enum pmt_diff_what what)
{
    enum pmt_kind kind =
        what == PMT_DIFF_HEAP ? PMT_KIND_HEAP : PMT_KIND_SAMPLE;

    if (!wants(pass->reading, what) ||
        !pmt_diff_figures_have(&pass->figures, kind))
        return PMT_OK;
    pass->found->has[what] = true;
    return pmt_diff_figures_add(&pass->figures, kind, pass->reading->tables[what],
                           pass->side, pass->run);
}

static int add_all(struct pmt_diff_pass *pass)
{
    struct pmt_diff_reading *reading = pass->reading;
    int code = pmt_diff_prune(pass);

    for (int what = PMT_DIFF_BLOCKS;
         code == PMT_OK && what <= PMT_DIFF_OBJECTS; what++)
        if (wants(reading, (enum pmt_diff_what)what))
            code = add_live(pass, (enum pmt_diff_what)what);
    if (code == PMT_OK && reading->residue &&
        wants(reading, PMT_DIFF_BLOCKS))
        code = pass->side == PMT_DIFF_A ? keep(pass) : add_residue(pass);
    if (code == PMT_OK)
        code = add_figures(pass, PMT_DIFF_HEAP);
    if (code == PMT_OK)
        code = add_figures(pass, PMT_DIFF_PROCESS);
    return code;
}

int pmt_diff_read(struct pmt_diff_reading *reading, struct pmt_trace *in,
                  const struct pmt_instant *until, enum pmt_diff_side side,
                  size_t run, struct pmt_diff_found *found,
                  struct pmt_error *err)
{
    struct pmt_diff_pass pass = {.reading = reading, .until = until, .side = side,
                        .run = run, .found = found};
    int code;

    pmt_live_sets_init(&pass.live, pmt_diff_live(reading));
    pass.live.until = *until;
    pass.live.exits = reading->exits;
    pass.patterns.include = reading->patterns.include;
    pass.patterns.exclude = reading->patterns.exclude;
    pass.patterns.all_frames = reading->patterns.all_frames;
    pmt_snapshots_init(&pass.snapshots, PMT_SNAPSHOT_LATEST);
    pass.snapshots.until = *until;
    code = read_all(&pass, in, err);
    if (code == PMT_OK && add_all(&pass) != PMT_OK)
        code = pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    pmt_live_sets_release(&pass.live);
    pmt_snapshots_release(&pass.snapshots);
    pmt_diff_figures_release(&pass.figures);
    pmt_patterns_release(&pass.patterns);
    return code;
}
