/*
 * process-list.c: see process-list.h.
 *
 * Over 500 lines, since the samples kept back, the processes and their tree
 * are one state.
 */
#include "process-list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"
#include "pmt/record.h"

#define COMMAND_BYTES 512        /* of a command that are kept */
#define RANGES_MAX 262144u       /* of all processes */
#define HELD_VALUES (1u << 20)   /* kept back, beside the last chunk */
#define HELD_NS UINT64_C(5000000000)
#define PARENTS_MAX 1000         /* between a process and the first */

/* A chunk of samples that is kept back. */
struct pmt_held {
    struct pmt_held *next;
    uint64_t last_ns;
    uint32_t count, figure_count;
    const uint32_t *figures;     /* of the list */
    const uint64_t *times, *pids; /* ns; pids NULL: all 0 */
    const int64_t *values;       /* figure by figure */
};

void pmt_detail_range_add(struct pmt_detail_range *range, uint64_t value)
{
    if (range->count++ == 0) {
        range->first = range->low = range->high = value;
    } else {
        if (value < range->low)
            range->low = value;
        if (value > range->high)
            range->high = value;
    }
    range->last = value;
}

void pmt_figure_range_add(struct pmt_figure_range *range, int64_t value)
{
    if (range->count++ == 0) {
        range->first = range->low = range->high = value;
    } else {
        if (value < range->low)
            range->low = value;
        if (value > range->high)
            range->high = value;
    }
    range->last = value;
}

/* ---- processes ----------------------------------------------------------- */

/* Where the last process of a pid is kept; NULL: no memory. */
static uint32_t *head_of(struct pmt_process_list *list, uint64_t pid)
{
    uint32_t n = pmt_intern_add(&list->pids, &pid, sizeof pid);

    if (n == PMT_INTERN_NONE)
        return NULL;
    if (n >= list->head_count) {
        size_t count = n * (size_t)2 + 64;
        uint32_t *more = realloc(list->heads, count * sizeof *more);

        if (more == NULL)
            return NULL;
        memset(more + list->head_count, 0,
               (count - list->head_count) * sizeof *more);
        list->heads = more;
        list->head_count = count;
    }
    return &list->heads[n];
}

/* A new one behind *head. NULL: no room, or no memory, which *code says. */
static struct pmt_life *add_life(struct pmt_process_list *list,
                                 uint32_t *head, uint64_t pid, uint64_t ns,
                                 int *code)
{
    struct pmt_life *life;

    if (list->count == PMT_LIVES_MAX) {
        list->dropped++;
        return NULL;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 16;

        life = realloc(list->lives, capacity * sizeof *life);
        if (life == NULL) {
            *code = PMT_ERR_MEMORY;
            return NULL;
        }
        list->lives = life;
        list->capacity = capacity;
    }
    life = &list->lives[list->count++];
    *life = (struct pmt_life){.pid = pid, .first_ns = ns, .last_ns = ns,
                              .before = *head};
    *head = (uint32_t)list->count;
    return life;
}

/* The process of a pid at a moment: the last that was met by then, else the
 * first. */
static struct pmt_life *life_at(struct pmt_process_list *list, uint32_t head,
                                uint64_t ns)
{
    struct pmt_life *life = NULL;

    for (uint32_t at = head; at > 0; at = life->before) {
        life = &list->lives[at - 1];
        if (life->first_ns <= ns)
            break;
    }
    return life;
}

/* "python3 a.py 1": the arguments, without the folder of the first; else the
 * file that it runs, else its name. */
static int set_command(struct pmt_life *life, const struct pmt_process *p)
{
    struct pmt_text first = p->argc > 0         ? p->argv[0]
                            : p->executable.length > 0 ? p->executable
                                                       : p->name;
    const char *slash = first.length > 0
                            ? memrchr(first.bytes, '/', first.length)
                            : NULL;
    char text[COMMAND_BYTES];
    size_t used = 0;

    if (slash != NULL && slash + 1 < (const char *)first.bytes + first.length) {
        first.length -= (uint32_t)(slash + 1 - (const char *)first.bytes);
        first.bytes = (const void *)(slash + 1);
    }
    for (size_t i = 0; i < (p->argc > 0 ? p->argc : 1); i++) {
        struct pmt_text t = i == 0 ? first : p->argv[i];
        size_t n = t.length;

        if (used + 1 + n >= sizeof text)
            n = used + 2 < sizeof text ? sizeof text - used - 2 : 0;
        if (i > 0 && used + 1 < sizeof text)
            text[used++] = ' ';
        if (n > 0)
            memcpy(text + used, t.bytes, n);
        used += n;
    }
    if (used == 0)
        return PMT_OK;
    free(life->command);
    life->command = strndup(text, used);
    return life->command != NULL ? PMT_OK : PMT_ERR_MEMORY;
}

/* The process that a record is about. */
static struct pmt_life *life_of(struct pmt_process_list *list,
                                const struct pmt_process *p, uint64_t ns,
                                int *code)
{
    bool begins = p->op == PMT_PROCESS_FOUND || p->op == PMT_PROCESS_STARTED;
    uint32_t *head = head_of(list, p->pid);
    struct pmt_life *life;

    if (head == NULL) {
        *code = PMT_ERR_MEMORY;
        return NULL;
    }
    life = *head > 0 ? &list->lives[*head - 1] : NULL;
    if (life == NULL)
        return add_life(list, head, p->pid, ns, code);
    if (begins && life->stated &&
        (life->ended || life->started_ns != p->started_ns ||
         p->started_ns == 0))
        return add_life(list, head, p->pid, ns, code);
    return life;
}

static int take_process(struct pmt_process_list *list,
                        const struct pmt_process *p, uint64_t ns)
{
    int code = PMT_OK;
    struct pmt_life *life = life_of(list, p, ns, &code);

    if (life == NULL)
        return code;
    if (!life->stated) {
        life->how = p->how;
        life->started = p->op == PMT_PROCESS_STARTED;
    }
    life->stated = true;
    if (p->started_ns != 0)
        life->started_ns = p->started_ns;
    if (p->ppid != 0)
        life->ppid = p->ppid;
    if (p->status != 0)
        life->status = p->status;
    if (ns > life->last_ns)
        life->last_ns = ns;
    life->denied |= p->op == PMT_PROCESS_DENIED;
    life->left |= p->op == PMT_PROCESS_LEFT;
    if (p->op == PMT_PROCESS_EXITED || p->op == PMT_PROCESS_VANISHED) {
        life->ended = true;
        life->end_how = p->how;
    }
    if (p->argc > 0 || life->command == NULL)
        return set_command(life, p);
    return PMT_OK;
}

static int take_processes(struct pmt_process_list *list, struct pmt_reader *r,
                          const struct pmt_event *event)
{
    const struct pmt_process *processes = pmt_reader_processes(r);
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    int code = PMT_OK;

    for (uint32_t i = 0; processes != NULL && code == PMT_OK &&
                         i < event->envelope.count;
         i++)
        code = take_process(list, &processes[i],
                            processes[i].time * tick_ns);
    return code;
}

/* ---- samples ------------------------------------------------------------- */

/* The number of a figure, new or not; UINT32_MAX: no memory. */
static uint32_t figure_of(struct pmt_process_list *list,
                          const struct pmt_figure *said)
{
    struct pmt_life_figure *figure;
    char key[1024];
    int n = snprintf(key, sizeof key, "%.*s\n%.*s", (int)said->name.length,
                     said->name.bytes ? said->name.bytes : "",
                     (int)said->unit.length,
                     said->unit.bytes ? said->unit.bytes : "");
    uint32_t number = pmt_intern_add(
        &list->names, key,
        n > 0 && (size_t)n < sizeof key ? (size_t)n : sizeof key - 1);

    if (number == PMT_INTERN_NONE || number < list->figure_count)
        return number;
    figure = reallocarray(list->figures, number + (size_t)1, sizeof *figure);
    if (figure == NULL)
        return PMT_INTERN_NONE;
    list->figures = figure;
    figure += number;
    *figure = (struct pmt_life_figure){
        .name = strndup(said->name.bytes ? said->name.bytes : "",
                        said->name.length),
        .unit = strndup(said->unit.bytes ? said->unit.bytes : "",
                        said->unit.length),
        .counter = said->value == 1,
    };
    list->figure_count = number + (size_t)1;
    return figure->name != NULL && figure->unit != NULL ? number
                                                        : PMT_INTERN_NONE;
}

/* Room for the figures of a process, if any is left. */
static bool make_ranges(struct pmt_process_list *list, struct pmt_life *life)
{
    size_t count = list->figure_count;
    struct pmt_figure_range *more;

    if (list->range_total + count - life->range_count > RANGES_MAX)
        return true;
    more = reallocarray(life->ranges, count, sizeof *more);
    if (more == NULL)
        return false;
    memset(more + life->range_count, 0,
           (count - life->range_count) * sizeof *more);
    list->range_total += count - life->range_count;
    life->ranges = more;
    life->range_count = (uint32_t)count;
    return true;
}

static bool settle_figures(struct pmt_process_list *list,
                           struct pmt_life *life, const struct pmt_held *held,
                           uint32_t row)
{
    if (life->range_count < list->figure_count && !make_ranges(list, life))
        return false;
    for (uint32_t f = 0; f < held->figure_count; f++) {
        int64_t value = held->values[(size_t)f * held->count + row];
        uint64_t size = value > 0 ? (uint64_t)value : 0;
        const char *name = list->figures[held->figures[f]].name;

        if (held->figures[f] < life->range_count)
            pmt_figure_range_add(&life->ranges[held->figures[f]], value);
        if ((strcmp(name, "rss") == 0 || strcmp(name, "rss_peak") == 0) &&
            size > life->rss_most)
            life->rss_most = size;
        else if (strcmp(name, "cpu_user") == 0)
            life->cpu[0] = size;
        else if (strcmp(name, "cpu_system") == 0)
            life->cpu[1] = size;
    }
    life->cpu_ns = life->cpu[0] + life->cpu[1];
    return true;
}

static int settle(struct pmt_process_list *list, const struct pmt_held *held)
{
    for (uint32_t i = 0; i < held->count; i++) {
        uint64_t pid = held->pids ? held->pids[i] : 0, ns = held->times[i];
        uint32_t *head = head_of(list, pid);
        struct pmt_life *life;
        int code = PMT_OK;

        if (head == NULL)
            return PMT_ERR_MEMORY;
        life = life_at(list, *head, ns);
        if (life == NULL)
            life = add_life(list, head, pid, ns, &code);
        if (life == NULL && code)
            return code;
        if (life == NULL)
            continue;
        life->samples++;
        if (ns > life->last_ns && !life->ended)
            life->last_ns = ns;
        if (!settle_figures(list, life, held, i))
            return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

/* Those before a moment; and more, where there are too many. */
static int settle_until(struct pmt_process_list *list, uint64_t ns)
{
    int code = PMT_OK;

    while (code == PMT_OK && list->held != NULL &&
           (list->held->last_ns < ns || list->held_values > HELD_VALUES)) {
        struct pmt_held *held = list->held;

        code = settle(list, held);
        list->held = held->next;
        if (list->held == NULL)
            list->held_last = NULL;
        list->held_values -=
            (size_t)held->count * (held->figure_count + (size_t)2);
        free(held);
    }
    return code;
}

/* A copy of the chunk; NULL: no memory. Figures without a column are left
 * out. */
static struct pmt_held *copy_chunk(struct pmt_process_list *list,
                                   struct pmt_reader *r,
                                   const struct pmt_event *event,
                                   bool with_figures)
{
    uint32_t count = event->envelope.count, kept = 0;
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *pids = pmt_reader_column(r, PMT_COL_PID);
    size_t figure_count;
    const struct pmt_figure *figures = pmt_reader_figures(r, &figure_count);
    uint32_t *numbers;
    uint64_t *values;
    struct pmt_held *held;

    if (!with_figures)
        figure_count = 0;
    held = malloc(sizeof *held + figure_count * sizeof *numbers + 8 +
                  (figure_count + 2) * count * sizeof *values);
    if (held == NULL)
        return NULL;
    values = (uint64_t *)(held + 1);
    numbers = (uint32_t *)(values + (figure_count + 2) * count);
    *held = (struct pmt_held){.count = count, .times = values,
                              .figures = numbers,
                              .values = (const int64_t *)values +
                                        2 * (size_t)count};
    for (uint32_t i = 0; i < count; i++)
        values[i] = times ? times[i] * tick_ns : 0;
    held->last_ns = count ? values[count - 1] : 0;
    if (pids != NULL) {
        held->pids = values + count;
        memcpy(values + count, pids, count * sizeof *pids);
    }
    for (size_t f = 0; f < figure_count; f++) {
        const int64_t *column = pmt_reader_figure(r, f);
        uint32_t number;

        if (column == NULL)
            continue;
        number = figure_of(list, &figures[f]);
        if (number == PMT_INTERN_NONE) {
            free(held);
            return NULL;
        }
        numbers[kept] = number;
        memcpy(values + (kept + 2) * (size_t)count, column,
               count * sizeof *column);
        kept++;
    }
    held->figure_count = kept;
    return held;
}

static int take_samples(struct pmt_process_list *list, struct pmt_reader *r,
                        const struct pmt_event *event, bool figures)
{
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    uint64_t ns = event->envelope.t0 * tick_ns;
    int code = settle_until(list, ns > HELD_NS ? ns - HELD_NS : 0);
    struct pmt_held *held;

    if (code)
        return code;
    held = copy_chunk(list, r, event, figures);
    if (held == NULL)
        return PMT_ERR_MEMORY;
    if (list->held_last != NULL)
        list->held_last->next = held;
    else
        list->held = held;
    list->held_last = held;
    list->held_values += (size_t)held->count * (held->figure_count + (size_t)2);
    return PMT_OK;
}

int pmt_process_list_take(struct pmt_process_list *list, struct pmt_reader *r,
                          const struct pmt_event *event, bool figures)
{
    if (event->type != PMT_EVENT_RECORDS)
        return PMT_OK;
    if (event->envelope.kind == PMT_KIND_PROCESS)
        return take_processes(list, r, event);
    if (event->envelope.kind == PMT_KIND_SAMPLE)
        return take_samples(list, r, event, figures);
    return PMT_OK;
}

/* ---- the tree ------------------------------------------------------------ */

/* Would `life` stem from itself? Too far up counts as that. */
static bool makes_circle(const struct pmt_process_list *list, uint32_t life,
                         uint32_t parent)
{
    for (int up = 0; up < PARENTS_MAX && parent != life; up++) {
        if (parent == 0)
            return false;
        parent = list->lives[parent - 1].parent;
    }
    return true;
}

int pmt_process_list_finish(struct pmt_process_list *list)
{
    int code = settle_until(list, UINT64_MAX);

    for (uint32_t i = 1; code == PMT_OK && i <= list->count; i++) {
        struct pmt_life *life = &list->lives[i - 1];
        uint32_t parent = life->ppid ? pmt_process_list_at(list, life->ppid,
                                                           life->first_ns)
                                     : 0;

        if (parent > 0 && !makes_circle(list, i, parent))
            life->parent = parent;
    }
    return code;
}

uint32_t pmt_process_list_at(struct pmt_process_list *list, uint64_t pid,
                             uint64_t ns)
{
    uint32_t *head = head_of(list, pid);
    const struct pmt_life *life = head ? life_at(list, *head, ns) : NULL;

    return life != NULL ? (uint32_t)(life - list->lives) + 1 : 0;
}

/* Children of each as lists: `first` by index + 1 (0: of none), `next` by
 * index; values are index + 1. */
static void link_children(const struct pmt_process_list *list,
                          uint32_t *first, uint32_t *next)
{
    for (size_t i = list->count; i-- > 0;) {
        next[i] = first[list->lives[i].parent];
        first[list->lives[i].parent] = (uint32_t)i + 1;
    }
}

uint32_t *pmt_process_list_order(const struct pmt_process_list *list)
{
    size_t n = list->count, done = 0;
    uint32_t *order = calloc(n + 1, sizeof *order);
    uint32_t *first = calloc(n + 1, sizeof *first);
    uint32_t *next = calloc(n + 1, sizeof *next);
    uint32_t at, depth = 0;

    if (order == NULL || first == NULL || next == NULL) {
        free(order);
        order = NULL;
    } else {
        link_children(list, first, next);
        for (at = first[0]; at > 0;) {
            order[done++] = at - 1;
            list->lives[at - 1].depth = depth;
            if (first[at] > 0) {
                at = first[at];
                depth++;
                continue;
            }
            while (at > 0 && next[at - 1] == 0) {
                at = list->lives[at - 1].parent;
                depth -= depth > 0;
            }
            at = at > 0 ? next[at - 1] : 0;
        }
    }
    free(first);
    free(next);
    return order;
}

void pmt_process_list_release(struct pmt_process_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->lives[i].command);
        free(list->lives[i].ranges);
    }
    for (size_t i = 0; i < list->figure_count; i++) {
        free(list->figures[i].name);
        free(list->figures[i].unit);
    }
    while (list->held != NULL) {
        struct pmt_held *held = list->held;

        list->held = held->next;
        free(held);
    }
    free(list->lives);
    free(list->figures);
    free(list->heads);
    pmt_intern_release(&list->pids);
    pmt_intern_release(&list->names);
    memset(list, 0, sizeof *list);
}
