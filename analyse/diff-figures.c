/* diff-figures.c: see diff-figures.h. */
#include "diff-figures.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

/* What a key begins with; the unit and the name follow. */
struct head {
    uint64_t pid;      /* 0: the stream's own */
    uint32_t stream, kind, unit_length;
};

struct pmt_figure_now {
    int64_t value, highest;
    uint64_t time;     /* of the value: ticks */
    bool counter;
    bool any;          /* it had a value */
};

void pmt_diff_figures_release(struct pmt_diff_figures *figures)
{
    pmt_intern_release(&figures->keys);
    free(figures->figures);
    free(figures->key);
    memset(figures, 0, sizeof *figures);
}

static bool make_room(struct pmt_diff_figures *f, size_t key_length)
{
    if (key_length > f->key_capacity) {
        void *more = realloc(f->key, key_length * 2);

        if (!more)
            return false;
        f->key = more;
        f->key_capacity = key_length * 2;
    }
    if (f->keys.count == f->capacity) {
        size_t capacity = f->capacity * 2 + 64;
        void *more = realloc(f->figures, capacity * sizeof *f->figures);

        if (!more)
            return false;
        f->figures = more;
        f->capacity = capacity;
    }
    return true;
}

static struct pmt_figure_now *figure_of(struct pmt_diff_figures *f,
                                        struct head head,
                                        const struct pmt_figure *figure)
{
    size_t length = sizeof head + figure->unit.length + figure->name.length;
    uint32_t count = f->keys.count, number;

    if (!make_room(f, length))
        return NULL;
    memset(f->key, 0, sizeof head);
    head.unit_length = figure->unit.length;
    memcpy(f->key, &head, sizeof head);
    if (figure->unit.length)
        memcpy(f->key + sizeof head, figure->unit.bytes, figure->unit.length);
    if (figure->name.length)
        memcpy(f->key + sizeof head + figure->unit.length,
               figure->name.bytes, figure->name.length);
    number = pmt_intern_add(&f->keys, f->key, length);
    if (number == PMT_INTERN_NONE)
        return NULL;
    if (number == count)
        f->figures[number] =
            (struct pmt_figure_now){.counter = figure->value != 0};
    return &f->figures[number];
}

static struct head head_of(const struct pmt_diff_figures *f, uint32_t number,
                           struct pmt_figure *figure)
{
    struct head head;
    size_t length;
    const char *bytes = pmt_intern_bytes(&f->keys, number, &length);

    memcpy(&head, bytes, sizeof head);
    figure->unit = (struct pmt_text){bytes + sizeof head, head.unit_length};
    figure->name = (struct pmt_text){
        figure->unit.bytes + head.unit_length,
        (uint32_t)(length - sizeof head - head.unit_length)};
    return head;
}

/* ---- records ----------------------------------------------------------- */

static int take_column(struct pmt_diff_figures *f, struct pmt_reader *r,
                       const struct pmt_event *event, uint64_t until,
                       const struct pmt_figure *figure, size_t number)
{
    const int64_t *values = pmt_reader_figure(r, number);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *pids = pmt_reader_column(r, PMT_COL_PID);
    struct pmt_figure_now *now = NULL;
    struct head head;

    memset(&head, 0, sizeof head);
    head.kind = event->envelope.kind;
    head.stream = pmt_stream_index(event->stream);
    for (uint32_t i = 0; values && i < event->envelope.count; i++) {
        uint64_t pid = pids ? pids[i] : 0;

        if (times && times[i] > until)
            continue;
        if (!now || pid != head.pid) {
            head.pid = pid;
            now = figure_of(f, head, figure);
        }
        if (!now)
            return PMT_ERR_MEMORY;
        now->value = values[i];
        now->time = times ? times[i] : 0;
        if (!now->any || values[i] > now->highest)
            now->highest = values[i];
        now->any = true;
    }
    return PMT_OK;
}

int pmt_diff_figures_take(struct pmt_diff_figures *f, struct pmt_reader *r,
                     const struct pmt_event *event, uint64_t until)
{
    const struct pmt_figure *figures;
    size_t count = 0;
    int code = PMT_OK;

    figures = pmt_reader_figures(r, &count);
    for (size_t i = 0; code == PMT_OK && figures && i < count; i++)
        code = take_column(f, r, event, until, &figures[i], i);
    return code;
}

/* ---- what they come to ------------------------------------------------- */

bool pmt_diff_figures_have(const struct pmt_diff_figures *f, enum pmt_kind kind)
{
    struct pmt_figure figure;

    for (uint32_t i = 0; i < f->keys.count; i++)
        if (head_of(f, i, &figure).kind == (uint32_t)kind)
            return true;
    return false;
}

/* Whose the figures of a kind are. */
struct owners {
    bool *sampled;     /* by stream: its records with a pid are of others */
    uint64_t *looked;  /* by stream: when it last met one of those */
    size_t streams;
    struct pmt_intern processes; /* those that were sampled */
    uint64_t *met;     /* by number of the process: when last */
    bool one;          /* all are of one process */
};

/* A sampler's records without a pid are of itself. */
static bool is_of_sampler(const struct owners *owners, struct head head)
{
    return head.pid == 0 && owners->sampled[head.stream];
}

static void release_owners(struct owners *owners)
{
    free(owners->sampled);
    free(owners->looked);
    free(owners->met);
    pmt_intern_release(&owners->processes);
}

/* PMT_INTERN_NONE: no memory. */
static uint32_t process_of(struct owners *owners, struct head head)
{
    uint64_t key[2] = {head.pid, head.stream};

    return pmt_intern_add(&owners->processes, key, sizeof key);
}

static bool meet(struct owners *owners, struct head head, uint64_t time)
{
    uint32_t number = process_of(owners, head);

    if (number == PMT_INTERN_NONE)
        return false;
    owners->sampled[head.stream] = true;
    if (time > owners->met[number])
        owners->met[number] = time;
    if (time > owners->looked[head.stream])
        owners->looked[head.stream] = time;
    return true;
}

static bool make_owners(const struct pmt_diff_figures *f,
                        struct owners *owners)
{
    struct pmt_figure figure;

    *owners = (struct owners){.one = true};
    for (uint32_t i = 0; i < f->keys.count; i++) {
        struct head head = head_of(f, i, &figure);

        if (head.stream >= owners->streams)
            owners->streams = head.stream + (size_t)1;
    }
    owners->sampled = calloc(owners->streams + 1, sizeof *owners->sampled);
    owners->looked = calloc(owners->streams + 1, sizeof *owners->looked);
    owners->met = calloc(f->keys.count + (size_t)1, sizeof *owners->met);
    return owners->sampled && owners->looked && owners->met;
}

static bool find_owners(const struct pmt_diff_figures *f, enum pmt_kind kind,
                        struct owners *owners)
{
    struct head head, first = {0};
    struct pmt_figure figure;
    bool any = false;

    if (!make_owners(f, owners))
        return false;
    for (uint32_t i = 0; i < f->keys.count; i++) {
        head = head_of(f, i, &figure);
        if (head.kind == (uint32_t)kind && head.pid &&
            !meet(owners, head, f->figures[i].time))
            return false;
    }
    for (uint32_t i = 0; i < f->keys.count; i++) {
        head = head_of(f, i, &figure);
        if (head.kind != (uint32_t)kind || is_of_sampler(owners, head))
            continue;
        if (any && (head.stream != first.stream || head.pid != first.pid))
            owners->one = false;
        first = head;
        any = true;
    }
    return true;
}

/* Has it ended? A look meets all that live (spec 7.6: their records have its
 * time). Its number is there already. */
static bool has_ended(struct owners *owners, struct head head)
{
    return head.pid && owners->met[process_of(owners, head)] <
                           owners->looked[head.stream];
}

static int add_highest(const struct pmt_figure_now *now,
                       struct pmt_figure figure, struct pmt_diff *diff,
                       enum pmt_diff_side side, size_t run)
{
    static const char behind[] = " (highest)";
    size_t length = figure.name.length + sizeof behind - 1;
    char *name = malloc(length);
    int code;

    if (!name)
        return PMT_ERR_MEMORY;
    memcpy(name, figure.name.bytes, figure.name.length);
    memcpy(name + figure.name.length, behind, sizeof behind - 1);
    code = pmt_diff_add_figure(
        diff, side, run, (struct pmt_text){name, (uint32_t)length},
        figure.unit, now->highest);
    free(name);
    return code;
}

static bool is(struct pmt_text text, const char *what)
{
    return text.length == strlen(what) &&
           memcmp(text.bytes, what, text.length) == 0;
}

/* Is it so much of something? The state of a process (spec 8.4) is the code of
 * a letter; how nice it is can be compared, but not added to that of others. */
static bool is_amount(const struct pmt_figure *figure, bool one)
{
    return !is(figure->unit, "state") && (one || !is(figure->name, "nice"));
}

int pmt_diff_figures_add(const struct pmt_diff_figures *f, enum pmt_kind kind,
                    struct pmt_diff *diff, enum pmt_diff_side side,
                    size_t run)
{
    struct owners owners;
    int code = find_owners(f, kind, &owners) ? PMT_OK : PMT_ERR_MEMORY;

    for (uint32_t i = 0; code == PMT_OK && i < f->keys.count; i++) {
        const struct pmt_figure_now *now = &f->figures[i];
        struct pmt_figure figure;
        struct head head = head_of(f, i, &figure);

        if (head.kind != (uint32_t)kind || is_of_sampler(&owners, head))
            continue;
        if (!is_amount(&figure, owners.one) ||
            (!now->counter && has_ended(&owners, head)))
            continue;
        code = pmt_diff_add_figure(diff, side, run, figure.name, figure.unit,
                                   now->value);
        if (code == PMT_OK && kind == PMT_KIND_SAMPLE && !now->counter &&
            pmt_diff_in_bytes(figure.unit) && owners.one)
            code = add_highest(now, figure, diff, side, run);
    }
    release_owners(&owners);
    return code;
}
