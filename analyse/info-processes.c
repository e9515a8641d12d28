/* info-processes.c: see info-processes.h. */
#include "info-processes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "names.h"
#include "pmt/record.h"

#define LIVES_SHOWN 24      /* the largest, and those that made them */
#define FIGURES_OF 3        /* so few processes have a table of figures each */
#define DEPTH_SHOWN 8
#define COMMAND_WIDTH 44

const char *pmt_life_ended(char buffer[PMT_ENDED_SIZE],
                           const struct pmt_life *life)
{
    int signal = life->status > 256 ? (int)life->status - 256 : 0;
    const char *name = signal > 0 && signal < 128 ? sigabbrev_np(signal)
                                                  : NULL;

    if (name != NULL)
        snprintf(buffer, PMT_ENDED_SIZE, "SIG%s", name);
    else if (signal > 0)
        snprintf(buffer, PMT_ENDED_SIZE, "signal %d", signal);
    else if (life->status > 0)
        snprintf(buffer, PMT_ENDED_SIZE, "exit %" PRIu32, life->status - 1);
    else if (life->ended)
        return "gone";
    else
        return life->left ? "left" : "alive";
    return buffer;
}

/* ---- text ---------------------------------------------------------------- */

static bool is_own(const struct pmt_life *life)
{
    return life->pid == 0;
}

static int by_most(const void *a, const void *b)
{
    const struct pmt_life *x = *(const struct pmt_life *const *)a,
                          *y = *(const struct pmt_life *const *)b;

    if (x->rss_most != y->rss_most)
        return x->rss_most < y->rss_most ? 1 : -1;
    return x < y ? -1 : x > y;
}

/* Which of them are shown, by index; on the heap. */
static bool *choose(const struct pmt_process_list *list, bool all)
{
    const struct pmt_life **sorted =
        pmt_xcalloc(list->count + 1, sizeof(*sorted));
    bool *shown = pmt_xcalloc(list->count + 1, sizeof *shown);
    size_t left = all ? list->count : LIVES_SHOWN;

    for (size_t i = 0; i < list->count; i++)
        sorted[i] = &list->lives[i];
    qsort(sorted, list->count, sizeof *sorted, by_most);
    for (size_t i = 0; i < list->count && left > 0; i++) {
        size_t at = (size_t)(sorted[i] - list->lives);

        for (; left > 0 && !shown[at]; at = list->lives[at].parent - 1) {
            shown[at] = true;
            left -= !is_own(&list->lives[at]);
            if (list->lives[at].parent == 0)
                break;
        }
    }
    free(sorted);
    return shown;
}

static void put_life(struct pmt_listing *rows, const struct pmt_life *life)
{
    uint32_t depth = life->depth < DEPTH_SHOWN ? life->depth : DEPTH_SHOWN;
    char ended[PMT_ENDED_SIZE];
    char *command = pmt_text_shortened(life->command ? life->command : "",
                                       COMMAND_WIDTH);

    pmt_listing_printf(rows, "  %*s%" PRIu64 "%s%s", (int)depth * 2, "",
                       life->pid, *command ? " " : "", command);
    free(command);
    if (life->started)
        pmt_listing_seconds(rows, life->first_ns);
    else
        pmt_listing_text(rows, "before");
    if (life->ended)
        pmt_listing_seconds(rows, life->last_ns);
    else
        pmt_listing_text(rows, NULL);
    pmt_listing_text(rows, pmt_life_ended(ended, life));
    pmt_listing_count(rows, life->samples);
    if (life->rss_most > 0)
        pmt_listing_size(rows, life->rss_most);
    else
        pmt_listing_text(rows, NULL);
    if (life->samples > 0)
        pmt_listing_seconds(rows, life->cpu_ns);
    else
        pmt_listing_text(rows, NULL);
}

static void put_tree(const struct pmt_process_list *list, const bool *shown,
                     FILE *file)
{
    static const struct pmt_listing_column columns[] = {
        {.title = "  process"},
        {.title = "began", .right = true},
        {.title = "ended", .right = true},
        {.title = "how"},
        {.title = "samples", .right = true},
        {.title = "peak RSS", .right = true},
        {.title = "CPU", .right = true},
    };
    struct pmt_listing *rows =
        pmt_listing_new(columns, sizeof columns / sizeof *columns);
    uint32_t *order = pmt_process_list_order(list);

    for (size_t i = 0; order != NULL && i < list->count; i++)
        if (shown[order[i]] && !is_own(&list->lives[order[i]]))
            put_life(rows, &list->lives[order[i]]);
    pmt_listing_print(rows, file);
    pmt_listing_free(rows);
    free(order);
}

static bool is_bytes(const char *unit)
{
    return strcmp(unit, "bytes") == 0 || strcmp(unit, "B") == 0;
}

static void put_value(struct pmt_listing *rows, const char *unit,
                      int64_t value)
{
    if (is_bytes(unit))
        pmt_listing_signed(rows, value, true);
    else if (strcmp(unit, "ns") == 0 && value >= 0)
        pmt_listing_seconds(rows, (uint64_t)value);
    else if (strcmp(unit, "state") == 0 && value > ' ' && value < 127)
        pmt_listing_printf(rows, "%c", (int)value);
    else
        pmt_listing_printf(rows, "%" PRId64, value);
}

static void put_figures(const struct pmt_process_list *list,
                        const struct pmt_life *life, FILE *file)
{
    char title[48];
    const struct pmt_listing_column columns[] = {
        {.title = title},
        {.title = "first", .right = true},
        {.title = "last", .right = true},
        {.title = "least", .right = true},
        {.title = "most", .right = true},
        {.title = "unit"},
    };
    struct pmt_listing *rows;

    snprintf(title, sizeof title, "  figure of %" PRIu64, life->pid);
    rows = pmt_listing_new(columns, sizeof columns / sizeof *columns);
    for (uint32_t f = 0; f < life->range_count; f++) {
        const struct pmt_figure_range *range = &life->ranges[f];
        const char *unit = list->figures[f].unit;

        if (range->count == 0)
            continue;
        pmt_listing_printf(rows, "  %s", list->figures[f].name);
        put_value(rows, unit, range->first);
        put_value(rows, unit, range->last);
        put_value(rows, unit, range->low);
        put_value(rows, unit, range->high);
        pmt_listing_text(rows, unit);
    }
    pmt_listing_print(rows, file);
    pmt_listing_free(rows);
}

/* "213: 12 found, 201 started; 199 ended" */
static void put_counts(const struct pmt_process_list *list, FILE *file)
{
    size_t count = 0, started = 0, ended = 0, denied = 0;
    char text[PMT_TEXT_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        const struct pmt_life *life = &list->lives[i];

        count += !is_own(life);
        started += life->started;
        ended += life->ended;
        denied += life->denied;
    }
    fprintf(file, "  %-11s%s", "processes", pmt_text_count(text, count));
    fprintf(file, ": %s ran before", pmt_text_count(text, count - started));
    fprintf(file, ", %s started", pmt_text_count(text, started));
    fprintf(file, "; %s ended", pmt_text_count(text, ended));
    if (denied > 0)
        fprintf(file, "; %s may not be read in full",
                pmt_text_count(text, denied));
    if (list->dropped > 0)
        fprintf(file, "; and %s records of more",
                pmt_text_count(text, list->dropped));
    putc('\n', file);
}

void pmt_info_processes_text(const struct pmt_process_list *list, bool all,
                             FILE *file)
{
    size_t others = 0, hidden = 0;
    char text[PMT_TEXT_SIZE];
    bool *shown;

    for (size_t i = 0; i < list->count; i++)
        others += !is_own(&list->lives[i]);
    if (others == 0)
        return;
    shown = choose(list, all);
    put_counts(list, file);
    put_tree(list, shown, file);
    for (size_t i = 0; i < list->count; i++)
        hidden += !shown[i] && !is_own(&list->lives[i]);
    if (hidden > 0)
        fprintf(file, "  ... and %s smaller ones (--all shows them)\n",
                pmt_text_count(text, hidden));
    for (size_t i = 0; others <= FIGURES_OF && i < list->count; i++)
        if (!is_own(&list->lives[i]) && list->lives[i].range_count > 0)
            put_figures(list, &list->lives[i], file);
    free(shown);
}

/* ---- JSON ---------------------------------------------------------------- */

void pmt_info_figure_json(struct pmt_json *j, struct pmt_text name,
                          struct pmt_text unit, bool counter,
                          const struct pmt_figure_range *range)
{
    pmt_json_bytes(j, "name", name.bytes, name.length);
    pmt_json_bytes(j, "unit", unit.bytes, unit.length);
    pmt_json_bool(j, "counter", counter);
    pmt_json_u64(j, "records", range->count);
    pmt_json_i64(j, "first", range->first);
    pmt_json_i64(j, "last", range->last);
    pmt_json_i64(j, "min", range->low);
    pmt_json_i64(j, "max", range->high);
}

static struct pmt_text text_of(const char *text)
{
    return (struct pmt_text){text, (uint32_t)strlen(text)};
}

static void json_figures(struct pmt_json *j,
                         const struct pmt_process_list *list,
                         const struct pmt_life *life)
{
    pmt_json_array_begin(j, "figures");
    for (uint32_t f = 0; f < life->range_count; f++) {
        const struct pmt_figure_range *range = &life->ranges[f];
        const struct pmt_life_figure *figure = &list->figures[f];

        if (range->count == 0)
            continue;
        pmt_json_object_begin(j, NULL);
        pmt_info_figure_json(j, text_of(figure->name), text_of(figure->unit),
                             figure->counter, range);
        pmt_json_object_end(j);
    }
    pmt_json_array_end(j);
}

static void json_optional(struct pmt_json *j, const char *key, bool known,
                          uint64_t value)
{
    if (known)
        pmt_json_u64(j, key, value);
    else
        pmt_json_null(j, key);
}

static void json_life(struct pmt_json *j, const struct pmt_process_list *list,
                      const struct pmt_life *life)
{
    const char *how = pmt_process_how_name(life->how);
    const char *command = life->command ? life->command : "";

    pmt_json_object_begin(j, NULL);
    pmt_json_u64(j, "pid", life->pid);
    json_optional(j, "ppid", life->ppid != 0, life->ppid);
    pmt_json_u64(j, "depth", life->depth);
    pmt_json_bytes(j, "command", command, strlen(command));
    json_optional(j, "started_ns", life->started_ns != 0, life->started_ns);
    pmt_json_u64(j, "first_ns", life->first_ns);
    pmt_json_u64(j, "last_ns", life->last_ns);
    pmt_json_bool(j, "started", life->started);
    if (life->stated && how)
        pmt_json_string(j, "how", how);
    else
        pmt_json_null(j, "how");
    pmt_json_bool(j, "ended", life->ended);
    json_optional(j, "exit", life->status >= 1 && life->status <= 256,
                  life->status - UINT64_C(1));
    json_optional(j, "signal", life->status > 256,
                  life->status - UINT64_C(256));
    pmt_json_bool(j, "left", life->left);
    pmt_json_bool(j, "denied", life->denied);
    pmt_json_u64(j, "samples", life->samples);
    json_optional(j, "rss_peak", life->rss_most != 0, life->rss_most);
    json_optional(j, "cpu_ns", life->samples != 0, life->cpu_ns);
    json_figures(j, list, life);
    pmt_json_object_end(j);
}

void pmt_info_processes_json(const struct pmt_process_list *list,
                             struct pmt_json *json)
{
    uint32_t *order = pmt_process_list_order(list);

    pmt_json_array_begin(json, "processes");
    for (size_t i = 0; order != NULL && i < list->count; i++)
        if (!is_own(&list->lives[order[i]]))
            json_life(json, list, &list->lives[order[i]]);
    pmt_json_array_end(json);
    pmt_json_u64(json, "processes_dropped", list->dropped);
    free(order);
}
