/*
 * diff-run.c: the work of `pmt diff`: opens the traces of each side, reads
 * them into tables and prints these; see diff-options.h.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/xalloc.h"
#include "commands.h"
#include "diff-options.h"
#include "diff-report.h"
#include "inputs.h"
#include "live-exit.h"
#include "seek.h"

/* The traces of an operand, and which run each of them is. */
struct side {
    struct pmt_inputs inputs;
    size_t *run_of;               /* by input */
    size_t runs;
    struct pmt_diff_found found;  /* of all runs */
    struct pmt_diff_found *each;  /* by run */
};

struct work {
    const struct pmt_diff_options *opt;
    char *const *operands;
    int operand_count;
    struct side sides[3];
    struct pmt_diff tables[PMT_DIFF_WHATS];
    struct pmt_diff_reading reading;
    struct pmt_diff_window window;
    struct pmt_diff_map *maps;
    double *divisors;
    struct pmt_moment from;
    const char *per;              /* in words */
    char *per_text;
    FILE *file;
    struct pmt_json json;
    int status;
    size_t printed;               /* tables */
};

#define three(work) ((work)->operand_count == 3)

/* ---- what is to be read ------------------------------------------------ */

static unsigned wanted(const struct pmt_diff_options *opt)
{
    unsigned blocks = 1u << PMT_DIFF_BLOCKS, objects = 1u << PMT_DIFF_OBJECTS;
    unsigned sets = blocks | objects;

    if (opt->by == PMT_BY_TYPE)
        sets = objects;
    if (opt->by == PMT_BY_DOMAIN)
        sets = blocks;
    switch ((enum pmt_diff_kind)opt->kind) {
    case PMT_DIFF_KIND_ALLOC:
        return sets & blocks;
    case PMT_DIFF_KIND_OBJECT:
        return sets & objects;
    case PMT_DIFF_KIND_HEAP:
        return 1u << PMT_DIFF_HEAP;
    case PMT_DIFF_KIND_SAMPLE:
        return 1u << PMT_DIFF_PROCESS;
    case PMT_DIFF_KIND_ANY:
        break;
    }
    return opt->by < 0 ? PMT_DIFF_ANY : sets;
}

static int expand(struct work *work)
{
    unsigned flags = PMT_INPUTS_MOMENTS | PMT_INPUTS_EXIT |
                     (work->opt->recursive ? PMT_INPUTS_RECURSIVE : 0);
    size_t pipes = 0;

    for (int i = 0; i < work->operand_count; i++)
        pipes += !strcmp(work->operands[i], "-") ||
                 !strncmp(work->operands[i], "-@", 2);
    if (pipes > 1 || three(work) || pmt_input_moment_again(work->opt->from))
        flags |= PMT_INPUTS_AGAIN;
    for (int i = 0; i < work->operand_count; i++) {
        struct side *side = &work->sides[i];

        if (pmt_inputs_expand(&side->inputs, work->operands + i, 1, flags))
            return PMT_EXIT_TROUBLE;
        side->run_of = pmt_xcalloc(side->inputs.count, sizeof *side->run_of);
        if (three(work) && side->inputs.count > 1)
            return pmt_fail("%s: of three sides each is one trace",
                            work->operands[i]);
    }
    return PMT_EXIT_OK;
}

/* Are both sides moments of one file? */
static bool is_same(const struct work *work)
{
    const struct pmt_inputs *a = &work->sides[0].inputs;
    const struct pmt_inputs *b = &work->sides[1].inputs;

    return a->count == 1 && b->count == 1 &&
           strcmp(a->item[0].path, b->item[0].path) == 0;
}

/* ---- runs -------------------------------------------------------------- */

/* The session of a trace, or of a trace without one its stream. */
static int session_of(const struct work *work, const struct pmt_input *input,
                      uint8_t session[16])
{
    struct pmt_reader_options reading = {.skip_kinds = ~UINT64_C(2)};
    struct pmt_trace in;
    struct pmt_event event;
    struct pmt_error err;
    int code;

    memset(session, 0, 16);
    if (pmt_input_open(&in, input, &work->opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    while ((code = pmt_trace_next(&in, &event, &err)) == PMT_OK) {
        const struct pmt_stream_header *header;

        if (event.type != PMT_EVENT_STREAM)
            continue;
        header = pmt_stream_header(event.stream);
        memcpy(session, header->has_session ? header->session : header->uuid,
               16);
        break;
    }
    if (code < 0)
        return pmt_trace_failed(&in, &err);
    pmt_trace_release(&in);
    return PMT_EXIT_OK;
}

/* Traces of one session, as of a program and its children, are one run. */
static int find_runs(struct work *work, struct side *side)
{
    uint8_t(*sessions)[16] = pmt_xcalloc(side->inputs.count, 16);
    int status = PMT_EXIT_OK;

    for (size_t i = 0; status == PMT_EXIT_OK && i < side->inputs.count; i++) {
        size_t run = 0;

        if (side->inputs.count > 1)
            status = session_of(work, &side->inputs.item[i],
                                sessions[side->runs]);
        while (run < side->runs &&
               memcmp(sessions[run], sessions[side->runs], 16) != 0)
            run++;
        side->run_of[i] = run;
        side->runs += run == side->runs;
    }
    free(sessions);
    side->each = pmt_xcalloc(side->runs + 1, sizeof *side->each);
    return status;
}

/* ---- reading ----------------------------------------------------------- */

static void note_found(struct pmt_diff_found *all,
                       const struct pmt_diff_found *one)
{
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        all->has[what] |= one->has[what];
    all->snapshot |= one->snapshot;
    all->approximate |= one->approximate;
    all->exit |= one->exit;
    all->born += one->born;
}

static int read_trace(struct work *work, const struct pmt_input *input,
                      enum pmt_diff_side side, size_t run,
                      struct pmt_diff_found *found)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_diff_skip_kinds(&work->reading),
    };
    struct pmt_live_exits exits = {0};
    struct pmt_seek seek = {.bounded = false};
    struct pmt_instant until, from;
    struct pmt_trace in;
    struct pmt_error err;
    int code;

    pmt_input_limit(input, &reading);
    if (pmt_seek_is_for(&input->moment))
        pmt_seek_options(&seek, &reading);
    if (pmt_input_open(&in, input, &work->opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    work->reading.from = work->opt->from ? &from : NULL;
    work->reading.exits = input->moment.kind == PMT_MOMENT_NONE ? &exits : NULL;
    if (pmt_trace_find_moment(&in, &until) ||
        (work->opt->from && pmt_trace_find(&in, &work->from, &from)) ||
        (work->reading.exits && pmt_live_exits_find(&exits, &in))) {
        pmt_trace_release(&in);
        return PMT_EXIT_TROUBLE;
    }
    seek.until = until;
    seek.bounded = pmt_seek_is_for(&input->moment);
    code = pmt_seek_live_sets(&seek, in.path, pmt_diff_live(&work->reading),
                              &err);
    if (code == PMT_OK)
        code = pmt_diff_read(&work->reading, &in, &until, side, run, found,
                             &err);
    work->reading.exits = NULL;
    pmt_live_exits_release(&exits);
    pmt_seek_release(&seek);
    if (code)
        return pmt_trace_failed(&in, &err);
    return pmt_trace_close(&in, PMT_EXIT_OK, work->opt->strict);
}

static int read_side(struct work *work, struct side *from,
                     enum pmt_diff_side side)
{
    int status = PMT_EXIT_OK;

    for (size_t i = 0; status != PMT_EXIT_TROUBLE && i < from->inputs.count;
         i++)
        status = pmt_exit_worse(
            status, read_trace(work, &from->inputs.item[i], side,
                               from->run_of[i],
                               &from->each[from->run_of[i]]));
    for (size_t i = 0; i < from->runs; i++)
        note_found(&from->found, &from->each[i]);
    work->status = pmt_exit_worse(work->status, status);
    return status == PMT_EXIT_TROUBLE ? status : PMT_EXIT_OK;
}

/* ---- three moments ----------------------------------------------------- */

static int find_moments(struct work *work, const struct pmt_input *input,
                        struct pmt_diff_moments *moments)
{
    struct pmt_reader_options reading = {
        .skip_kinds = pmt_diff_moments_skip_kinds(),
    };
    struct pmt_instant until;
    struct pmt_trace in;
    int status = PMT_EXIT_TROUBLE;
    struct pmt_error err;

    if (pmt_input_open(&in, input, &work->opt->common, &reading))
        return PMT_EXIT_TROUBLE;
    if (pmt_trace_find_moment(&in, &until) == PMT_EXIT_OK) {
        if (pmt_diff_find_moments(&in, &until, moments, &err))
            return pmt_trace_failed(&in, &err);
        status = PMT_EXIT_OK;
    }
    pmt_trace_release(&in);
    return status;
}

/* Side A has nothing: what was born is all new. */
static int read_three(struct work *work)
{
    struct side *c = &work->sides[2];

    if (find_moments(work, &work->sides[0].inputs.item[0],
                     &work->window.after) ||
        find_moments(work, &work->sides[1].inputs.item[0],
                     &work->window.until))
        return PMT_EXIT_TROUBLE;
    work->reading.window = &work->window;
    if (read_side(work, c, PMT_DIFF_B))
        return PMT_EXIT_TROUBLE;
    if (c->found.born == 0 && (c->found.has[PMT_DIFF_BLOCKS] ||
                               c->found.has[PMT_DIFF_OBJECTS]))
        return pmt_fail("A, B and C have no stream in common: what was born "
                        "between two runs can't be told");
    return PMT_EXIT_OK;
}

static int read_options(struct work *work)
{
    const struct pmt_option_list *list = &work->opt->maps;

    char why[PMT_WHY_SIZE];

    if (work->opt->from &&
        pmt_moment_parse(work->opt->from, &work->from, why, sizeof why))
        return pmt_fail("--from: %s", why);
    work->maps = pmt_xcalloc(list->count + 1, sizeof *work->maps);
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items[i], *equals = strchr(item, '=');

        if (!equals || equals == item)
            return pmt_fail("--map %s: not OLD=NEW", item);
        work->maps[i] = (struct pmt_diff_map){
            .from = item, .from_length = (size_t)(equals - item),
            .to = equals + 1, .to_length = strlen(equals + 1)};
    }
    return PMT_EXIT_OK;
}

static void make_tables(struct work *work)
{
    const struct pmt_diff_options *opt = work->opt;
    bool same = is_same(work);

    work->reading.wanted = wanted(opt);
    work->reading.cumulative = opt->cumulative;
    work->reading.every_frame = opt->every_frame;
    work->reading.patterns = (struct pmt_patterns){
        .include = opt->include, .exclude = opt->exclude,
        .all_frames = opt->all_frames};
    work->reading.residue = same && !three(work);
    if (opt->per.kind == PMT_DIFF_PER_MARK)
        work->reading.mark = opt->per.name;
    if (opt->per.kind == PMT_DIFF_PER_CALL)
        work->reading.function = opt->per.name;
    if (three(work))
        work->reading.wanted &=
            1u << PMT_DIFF_BLOCKS | 1u << PMT_DIFF_OBJECTS;
    for (int what = 0; what < PMT_DIFF_WHATS; what++) {
        struct pmt_diff *table = &work->tables[what];

        table->by = opt->by >= 0 ? (enum pmt_group_by)opt->by
                    : what == PMT_DIFF_OBJECTS ? PMT_BY_TYPE
                                               : PMT_BY_SITE;
        table->figures = what >= PMT_DIFF_HEAP;
        table->same = same || three(work);
        table->match_lines = opt->match_lines && !table->same;
        table->residue = work->reading.residue && what == PMT_DIFF_BLOCKS;
        table->runs[0] = three(work) ? 1 : work->sides[0].runs;
        table->runs[1] = three(work) ? 1 : work->sides[1].runs;
        table->maps = work->maps;
        table->map_count = opt->maps.count;
        work->reading.tables[what] = table;
    }
}

static double divisor_of(const struct work *work,
                         const struct pmt_diff_found *run)
{
    if (work->opt->per.kind == PMT_DIFF_PER_SECOND)
        return (double)run->span_ns / 1e9;
    return (double)run->counted;
}

static int divide(struct work *work)
{
    const struct pmt_diff_per *per = &work->opt->per;
    size_t n = 0;

    if (per->kind == PMT_DIFF_PER_NOTHING)
        return PMT_EXIT_OK;
    work->divisors = pmt_xcalloc(
        work->sides[0].runs + work->sides[1].runs + 1, sizeof(double));
    for (int side = 0; side < PMT_DIFF_SIDES; side++) {
        const struct side *from = &work->sides[three(work) ? 2 : side];

        for (size_t i = 0; i < (three(work) ? 1 : from->runs); i++) {
            double by = divisor_of(work, &from->each[i]);

            if (by <= 0)
                return pmt_fail("%s: a run has no %s to divide by",
                                work->operands[side], work->per);
            work->divisors[n++] = by;
        }
    }
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        work->tables[what].divisors = work->divisors;
    return PMT_EXIT_OK;
}

/* ---- results ----------------------------------------------------------- */

/* Live sets are what is in question, figures where they are asked for. */
static bool gates(const struct work *work, enum pmt_diff_what what)
{
    return work->opt->limit.kind != PMT_DIFF_NO_LIMIT &&
           (what < PMT_DIFF_HEAP || work->opt->kind >= PMT_DIFF_KIND_HEAP);
}

static void report(struct work *work, const struct pmt_diff_report *what)
{
    bool empty = (what->all ? what->diff->present : what->diff->changed) == 0;

    if (!work->opt->json && empty && what->over == 0)
        return;
    if (work->printed++ > 0 && !work->opt->json)
        fputc('\n', work->file);
    if (work->opt->json)
        pmt_diff_report_json(what, &work->json);
    else
        pmt_diff_report_text(what, work->file);
}

static int finish_table(struct work *work, enum pmt_diff_what what)
{
    struct pmt_diff *table = &work->tables[what];
    struct pmt_diff_report shown = {
        .diff = table,
        .what = what,
        .names = {work->operands[0], work->operands[1],
                  three(work) ? work->operands[2] : NULL},
        .found = {&work->sides[0].found,
                  &work->sides[three(work) ? 2 : 1].found},
        .per = work->per,
        .limit = gates(work, what) ? &work->opt->limit : NULL,
        .top = (uint64_t)work->opt->top,
        .all = work->opt->all,
        .cumulative = work->opt->cumulative,
    };

    if (pmt_diff_finish(table) ||
        (shown.limit && pmt_diff_gate(table, shown.limit, &shown.over)))
        return pmt_fail("out of memory");
    if (shown.over > 0)
        work->status = pmt_exit_worse(work->status, PMT_EXIT_NO);
    report(work, &shown);
    return PMT_EXIT_OK;
}

static const char *const records_of[] = {
    [PMT_DIFF_BLOCKS] = "alloc or snapshot", [PMT_DIFF_OBJECTS] = "object",
    [PMT_DIFF_HEAP] = "heap", [PMT_DIFF_PROCESS] = "sample"};

/* Is it on a side at all? What only one side has is compared with nothing. */
static bool is_there(const struct work *work, enum pmt_diff_what what)
{
    bool a = work->sides[0].found.has[what];
    bool b = work->sides[three(work) ? 2 : 1].found.has[what];

    if (!three(work) && a != b)
        pmt_warn("%s: no %s records up to that moment",
                 work->operands[a ? 1 : 0], records_of[what]);
    return a || b;
}

/* Figures of allocators: when they are asked for, or are all. */
static int finish(struct work *work)
{
    unsigned found = 0;

    for (int what = 0; what < PMT_DIFF_WHATS; what++) {
        if (!(work->reading.wanted >> what & 1))
            continue;
        if (what == PMT_DIFF_HEAP && found &&
            work->opt->kind == PMT_DIFF_KIND_ANY)
            continue;
        if (!is_there(work, (enum pmt_diff_what)what))
            continue;
        found |= 1u << what;
        if (finish_table(work, (enum pmt_diff_what)what))
            return PMT_EXIT_TROUBLE;
    }
    if (found)
        return PMT_EXIT_OK;
    pmt_fail("%s and %s: no such records up to these moments",
             work->operands[0], work->operands[1]);
    work->status = pmt_exit_worse(work->status, PMT_EXIT_NO);
    return PMT_EXIT_OK;
}

/* --from behind all that is compared leaves nothing. */
static int check_from(const struct work *work)
{
    for (int i = 0; i < work->operand_count; i++) {
        const struct pmt_inputs *inputs = &work->sides[i].inputs;

        for (size_t k = 0; k < inputs->count; k++)
            if (!pmt_moment_is_later(&work->from, &inputs->item[k].moment))
                return PMT_EXIT_OK;
    }
    return pmt_fail("--from %s is later than what is compared",
                    work->opt->from);
}

/* A map that changes nothing was meant otherwise: paths are whole ones. */
static void check_maps(const struct work *work)
{
    for (size_t i = 0; i < work->opt->maps.count; i++)
        if (work->maps[i].tried && !work->maps[i].fitted)
            pmt_warn("--map %s: no file is in that folder",
                     work->opt->maps.items[i]);
}

static int compare(struct work *work)
{
    int status = expand(work);

    for (int i = 0; status == PMT_EXIT_OK && i < work->operand_count; i++)
        status = find_runs(work, &work->sides[i]);
    if (status == PMT_EXIT_OK)
        status = read_options(work);
    if (status == PMT_EXIT_OK)
        status = check_from(work);
    if (status != PMT_EXIT_OK)
        return status;
    make_tables(work);
    if (three(work))
        status = read_three(work);
    else if ((status = read_side(work, &work->sides[0], PMT_DIFF_A)) ==
             PMT_EXIT_OK)
        status = read_side(work, &work->sides[1], PMT_DIFF_B);
    if (status == PMT_EXIT_OK)
        status = divide(work);
    if (status != PMT_EXIT_OK)
        return status;
    check_maps(work);
    return finish(work);
}

static void release(struct work *work)
{
    for (int i = 0; i < 3; i++) {
        pmt_inputs_release(&work->sides[i].inputs);
        free(work->sides[i].run_of);
        free(work->sides[i].each);
    }
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        pmt_diff_release(&work->tables[what]);
    pmt_diff_reading_release(&work->reading);
    pmt_diff_window_release(&work->window);
    pmt_moment_release(&work->from);
    free(work->maps);
    free(work->divisors);
    free(work->per_text);
}

int pmt_diff_run(const struct pmt_diff_options *opt, char *const *operands,
                 int count, FILE *file, bool *printed)
{
    struct work work = {.opt = opt, .operands = operands,
                        .operand_count = count, .file = file};
    int status;

    pmt_json_init(&work.json, file);
    if (opt->per.kind == PMT_DIFF_PER_SECOND)
        work.per = "second";
    else if (opt->per.kind != PMT_DIFF_PER_NOTHING)
        work.per = work.per_text = pmt_xasprintf(
            opt->per.kind == PMT_DIFF_PER_MARK ? "mark \"%s\"" : "call of %s",
            opt->per.name);
    status = compare(&work);
    if (status == PMT_EXIT_OK)
        status = work.status;
    *printed = work.printed > 0;
    release(&work);
    return status;
}
