/*
 * cmd-sample-view.c - the live view of `pmt sample` (cmd-sample-view.h).
 */
#include "cmd-sample-view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "pmt/record.h"

#define TITLES_EVERY 40        /* lines */

enum shown_as { BYTES, COUNT, PERCENT };

/* A column: figures that are added up. Slots of a process hold the values of
 * its last row; of PERCENT, that of the counter. */
struct column {
    const char *title;
    unsigned group;            /* shown where this is read */
    const char *figures[2];
    enum shown_as as;
    int width;
    bool shared;               /* of all processes: no total */
};
static const struct column columns[SAMPLER_SLOTS] = {
    {"rss", REC_PROC_MEMORY, {"rss", NULL}, BYTES, 10, false},
    {"pss", REC_PROC_PSS, {"pss", NULL}, BYTES, 10, false},
    {"uss", REC_PROC_PSS, {"uss", NULL}, BYTES, 10, false},
    {"cpu %", REC_PROC_CPU, {"cpu_user", "cpu_system"}, PERCENT, 7, false},
    {"threads", REC_PROC_CPU, {"threads", NULL}, COUNT, 7, false},
    {"faults", REC_PROC_CPU, {"minor_faults", "major_faults"}, COUNT, 11,
     false},
    {"files", REC_PROC_FILES, {"files", NULL}, COUNT, 7, false},
    {"cgroup", REC_PROC_CGROUP, {"cgroup_memory_current", NULL}, BYTES, 10,
     true},
};

void sample_view_init(struct sample_view *v, FILE *file, unsigned groups)
{
    const char *no_colour = getenv("NO_COLOR");

    memset(v, 0, sizeof *v);
    v->file = file;
    v->groups = groups;
    v->colour = isatty(fileno(file)) &&
                (no_colour == NULL || no_colour[0] == '\0');
    pmt_json_init(&v->json, file);
}

/* ---- the table --------------------------------------------------------------- */

static bool find_value(const struct rec_proc_reading *r,
                       const struct column *c, int64_t *value)
{
    bool found = false;

    *value = 0;
    for (size_t i = 0; i < r->count; i++) {
        for (int k = 0; k < 2 && c->figures[k] != NULL; k++) {
            if (strcmp(r->figures[i].name, c->figures[k]) == 0) {
                *value += r->figures[i].value;
                found = true;
            }
        }
    }
    return found;
}

/* `rises`: above or below 0, against the row before. */
static void put_cell(struct sample_view *v, const struct column *c,
                     bool known, int64_t value, int rises)
{
    const char *on = rises > 0 ? "\033[31m" : "\033[32m";
    bool coloured = v->colour && known && rises != 0;
    char text[PMT_TEXT_SIZE];

    if (!known)
        strcpy(text, "-");
    else if (c->as == BYTES)
        pmt_text_size(text, (uint64_t)value);
    else if (c->as == COUNT)
        pmt_text_count(text, (uint64_t)value);
    else
        snprintf(text, sizeof text, "%.1f", (double)value / 10);
    fprintf(v->file, "%s%*s%s  ", coloured ? on : "", c->width, text,
            coloured ? "\033[0m" : "");
}

static void put_titles(struct sample_view *v)
{
    if (v->lines % TITLES_EVERY == 0) {
        fprintf(v->file, "%10s  %8s  ", "seconds", "pid");
        for (int i = 0; i < SAMPLER_SLOTS; i++) {
            if (v->groups & columns[i].group)
                fprintf(v->file, "%*s  ", columns[i].width,
                        columns[i].title);
        }
        fputs("  command\n", v->file);
    }
    v->lines++;
}

static void begin_row(struct sample_view *v, uint64_t time_ns,
                      const char *pid)
{
    put_titles(v);
    fprintf(v->file, "%6llu.%03llu  %8s  ",
            (unsigned long long)(time_ns / 1000000000u),
            (unsigned long long)(time_ns / 1000000 % 1000), pid);
}

static int compare(int64_t now, int64_t before)
{
    return (now > before) - (now < before);
}

/* Of a counter of ns: tenths of a percent of the time since the last row. */
static int64_t permille(int64_t now, int64_t before, uint64_t ns)
{
    return ns > 0 ? (now - before) * 1000 / (int64_t)ns : 0;
}

static void show_sample(void *to, struct sampled *p,
                        const struct rec_proc_reading *r, uint64_t time_ns)
{
    struct sample_view *v = to;
    char pid[24];

    snprintf(pid, sizeof pid, "%ld", (long)p->pid);
    begin_row(v, time_ns, pid);
    for (int i = 0; i < SAMPLER_SLOTS; i++) {
        const struct column *c = &columns[i];
        int64_t value, shown;
        bool known;

        if (!(v->groups & c->group))
            continue;
        known = find_value(r, c, &value);
        shown = value;
        if (c->as == PERCENT) {
            known &= p->looks > 0;
            shown = permille(value, p->slots[i],
                             time_ns - p->shown_ns);
        }
        put_cell(v, c, known, shown,
                 p->looks == 0 || c->as == PERCENT || c->shared
                     ? 0
                     : compare(value, p->slots[i]));
        p->slots[i] = value;
        if (known && !c->shared) {
            v->total.known[i] = true;
            v->total.values[i] += shown;
        }
    }
    fputs("  ", v->file);
    pmt_text_write(v->file, p->proc.name, strlen(p->proc.name));
    putc('\n', v->file);
    p->shown_ns = time_ns;
    v->total.rows++;
}

static void show_end(void *to, uint64_t time_ns, size_t processes)
{
    struct sample_view *v = to;

    (void)processes;
    if (v->total.rows > 1) {
        begin_row(v, time_ns, "total");
        for (int i = 0; i < SAMPLER_SLOTS; i++) {
            if (v->groups & columns[i].group)
                put_cell(v, &columns[i], v->total.known[i],
                         v->total.values[i],
                         v->last.rows < 2 ? 0
                                          : compare(v->total.values[i],
                                                    v->last.values[i]));
        }
        fprintf(v->file, "  %zu processes\n", v->total.rows);
    }
    v->last = v->total;
    memset(&v->total, 0, sizeof v->total);
    v->looks++;
    fflush(v->file);
}

const struct sampler_view sample_view_table = {.sample = show_sample,
                                               .look_end = show_end};

/* ---- JSON -------------------------------------------------------------------- */

static void print_sample(void *to, struct sampled *p,
                         const struct rec_proc_reading *r, uint64_t time_ns)
{
    struct pmt_json *j = &((struct sample_view *)to)->json;

    pmt_json_line_begin(j);
    pmt_json_string(j, "kind", "sample");
    pmt_json_u64(j, "time_ns", time_ns);
    pmt_json_u64(j, "pid", (uint64_t)p->pid);
    pmt_json_string(j, "name", p->proc.name);
    pmt_json_object_begin(j, "values");
    for (size_t i = 0; i < r->count; i++)
        pmt_json_i64(j, r->figures[i].name, r->figures[i].value);
    pmt_json_object_end(j);
    pmt_json_line_end(j);
}

/* A number, or null where it is 0. */
static void put_known(struct pmt_json *j, const char *key, uint64_t value)
{
    if (value != 0)
        pmt_json_u64(j, key, value);
    else
        pmt_json_null(j, key);
}

static void put_text(struct pmt_json *j, const char *key,
                     const struct pmt_text *t)
{
    if (t->length > 0)
        pmt_json_bytes(j, key, t->bytes, t->length);
    else
        pmt_json_null(j, key);
}

static void put_status(struct pmt_json *j, uint32_t status)
{
    if (status >= 1 && status <= 256)
        pmt_json_u64(j, "exit", status - 1);
    else
        pmt_json_null(j, "exit");
    put_known(j, "signal", status > 256 ? status - 256 : 0);
}

static void put_arguments(struct pmt_json *j,
                          const struct rec_proc_about *about)
{
    const char *at = about->argv;

    pmt_json_array_begin(j, "argv");
    for (size_t i = 0; i < about->argc; i++) {
        pmt_json_bytes(j, NULL, at, strlen(at));
        at += strlen(at) + 1;
    }
    pmt_json_array_end(j);
}

static void print_process(void *to, const struct sampled *p,
                          const struct pmt_process *record,
                          const struct rec_proc_about *about,
                          uint64_t time_ns)
{
    static const char *const ops[] = {"found", "started", "exec", "exited",
                                      "vanished", "denied", "left"};
    static const char *const hows[] = {"look", "event", "children", "wait",
                                       "named", "descriptor"};
    struct sample_view *v = to;
    struct pmt_json *j = &v->json;

    (void)p;
    pmt_json_line_begin(j);
    pmt_json_string(j, "kind", "process");
    pmt_json_u64(j, "time_ns", time_ns);
    pmt_json_string(j, "op", ops[record->op]);
    pmt_json_string(j, "how", hows[record->how]);
    pmt_json_u64(j, "pid", record->pid);
    put_known(j, "ppid", record->ppid);
    put_known(j, "started_ns", record->started_ns);
    put_status(j, record->status);
    put_text(j, "executable", &record->executable);
    if (about != NULL && about->argc > 0)
        put_arguments(j, about);
    else
        pmt_json_null(j, "argv");
    put_text(j, "name", &record->name);
    put_text(j, "note", &record->note);
    pmt_json_line_end(j);
}

static void flush_lines(void *to, uint64_t time_ns, size_t processes)
{
    struct sample_view *v = to;

    (void)time_ns;
    (void)processes;
    fflush(v->file);
}

const struct sampler_view sample_view_json = {.process = print_process,
                                              .sample = print_sample,
                                              .look_end = flush_lines};
