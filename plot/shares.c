/*
 * shares.c: see shares.h.
 *
 * Over 500 lines: the two passes share what is known of a process.
 */
#include "shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "names.h"
#include "series.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define PROGRAMS_LEAST 3 /* fewer programs say less than processes */
#define PROGRAM_BYTES 200
#define STEP_NS UINT64_C(40000000)

/* What is known of a process while the columns are filled. */
struct share_now {
    uint32_t line;      /* of struct pmt_shares; line_count: others */
    bool has_cpu;
    uint64_t rss;
    uint64_t cpu[2], cpu_ns[2]; /* user and system: drawn so far, until */
    uint64_t cpu_last[2], cpu_last_ns; /* and last read */
};

/* The processes of one stream. */
struct share_stream {
    unsigned index;     /* pmt_stream_index() */
    char *name;         /* "pid 1: a.py" */
    struct pmt_process_list list;
    bool others;        /* there are samples of others than its own process:
                         * its own is the sampler */
    bool known;         /* another stream has samples of its own process: those
                         * count, so that it is there once */
    bool has_origin;    /* pid and boot are known */
    uint64_t pid, start_ns; /* of its own process; since the system started */
    uint8_t boot[16];
    /* The second pass. */
    struct share_now *now;      /* by process */
    uint32_t *ends;             /* processes that ended, by when */
    size_t end_count, ended;
    uint64_t *sum, *best;       /* by line */
    uint64_t total, best_total;
    uint64_t time_ns;           /* of the last samples */
    size_t column;
    bool begun;
};

uint64_t pmt_shares_kinds(void)
{
    return BIT(PMT_KIND_SAMPLE) | BIT(PMT_KIND_PROCESS);
}

void pmt_shares_release(struct pmt_shares *s)
{
    for (size_t i = 0; i < s->stream_count; i++) {
        pmt_process_list_release(&s->streams[i].list);
        free(s->streams[i].name);
        free(s->streams[i].now);
        free(s->streams[i].ends);
        free(s->streams[i].sum);
    }
    for (size_t i = 0; i < s->line_count; i++)
        free(s->lines[i].name);
    free(s->streams);
    free(s->lines);
    free(s->rss.values);
    free(s->cpu.values);
    memset(s, 0, sizeof *s);
}

static struct share_stream *find_stream(const struct pmt_shares *s,
                                        const struct pmt_stream *stream)
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].index == pmt_stream_index(stream))
            return &s->streams[i];
    return NULL;
}

/* ---- the first pass ------------------------------------------------------ */

int pmt_shares_meet(struct pmt_shares *s, struct pmt_reader *r,
                    const struct pmt_event *event)
{
    const struct pmt_stream_header *header;
    struct share_stream *stream;
    char name[PMT_NAME_SIZE];

    if (event->type != PMT_EVENT_RECORDS ||
        !(pmt_shares_kinds() & BIT(event->envelope.kind)))
        return PMT_OK;
    stream = find_stream(s, event->stream);
    if (!stream) {
        stream = realloc(s->streams, (s->stream_count + 1) * sizeof *stream);
        if (!stream)
            return PMT_ERR_MEMORY;
        s->streams = stream;
        stream += s->stream_count++;
        pmt_figure_spell(name, sizeof name,
                         pmt_stream_name(name, sizeof name, event->stream));
        header = pmt_stream_header(event->stream);
        *stream = (struct share_stream){
            .index = pmt_stream_index(event->stream),
            .name = strdup(name),
            .has_origin = header->has_pid && header->has_boot,
            .pid = header->pid,
            .start_ns = header->start_mono_ns,
        };
        memcpy(stream->boot, header->boot, sizeof stream->boot);
        if (!stream->name)
            return PMT_ERR_MEMORY;
    }
    return pmt_process_list_take(&stream->list, r, event, true);
}

/* Does it count? Not the sampler, none without a sample, and none twice. */
static bool counts(const struct share_stream *stream,
                   const struct pmt_life *life)
{
    return life->samples > 0 &&
           (life->pid != 0 || (!stream->others && !stream->known));
}

/* Is it the process whose own stream the other is, by pid and time? */
static bool is_of(const struct share_stream *stream,
                  const struct pmt_life *life,
                  const struct share_stream *own)
{
    if (life->samples == 0 || life->pid != own->pid || !own->has_origin ||
        !stream->has_origin ||
        memcmp(stream->boot, own->boot, sizeof own->boot) != 0)
        return false;
    for (size_t k = 0; k < own->list.count; k++) {
        const struct pmt_life *self = &own->list.lives[k];

        if (self->pid == 0)
            return stream->start_ns + life->first_ns <=
                       own->start_ns + self->last_ns &&
                   own->start_ns + self->first_ns <=
                       stream->start_ns + life->last_ns;
    }
    return false;
}

/* What a sampler and a recorder both have is taken of the sampler. */
static void find_known(struct pmt_shares *s)
{
    for (size_t i = 0; i < s->stream_count; i++)
        for (size_t j = 0; j < s->stream_count; j++)
            for (size_t k = 0; j != i && k < s->streams[j].list.count; k++)
                s->streams[i].known |= is_of(&s->streams[j],
                                             &s->streams[j].list.lives[k],
                                             &s->streams[i]);
}

/* Does a program of this name run others, by name? */
static bool runs_scripts(const char *word, size_t length)
{
    static const char *const names[] = {"python", "pypy", "perl", "ruby",
                                        "node", "sh", "bash", "dash", NULL};

    while (length > 0 && strchr("0123456789.", word[length - 1]))
        length--;
    for (size_t i = 0; names[i]; i++)
        if (length == strlen(names[i]) && !memcmp(word, names[i], length))
            return true;
    return false;
}

/* "cc1" of its command, "python3 worker.py" and "python3 -m http.server": the
 * first word, and of one that runs scripts what is behind the options, or -m
 * and the module. */
static size_t program_of(const char *command, char program[PROGRAM_BYTES])
{
    size_t used = 0;

    while (*command && used + 1 < PROGRAM_BYTES) {
        size_t word = strcspn(command, " ");

        if (word > PROGRAM_BYTES - 2 - used)
            word = PROGRAM_BYTES - 2 - used;
        if (used > 0)
            program[used++] = ' ';
        memcpy(program + used, command, word);
        used += word;
        if (used == word ? !runs_scripts(command, word) : *command != '-')
            break;
        if (strncmp(command, "-c ", 3) == 0)
            break;
        command += strcspn(command, " ");
        command += *command == ' ';
    }
    program[used] = '\0';
    return used;
}

/* What may become a line. */
struct candidate {
    struct pmt_share share;
    uint32_t number;
};

static int by_most(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->share.most != y->share.most)
        return x->share.most < y->share.most ? 1 : -1;
    if (x->share.cpu_ns != y->share.cpu_ns)
        return x->share.cpu_ns < y->share.cpu_ns ? 1 : -1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* "4711 python3 a.py", or of a stream's own process its name. */
static char *process_name(const struct share_stream *stream,
                          const struct pmt_life *life)
{
    const char *command = life->command ? life->command : "";
    char *name = NULL;

    if (life->pid == 0)
        return strdup(stream->name);
    if (asprintf(&name, "%llu%s%s", (unsigned long long)life->pid,
                 *command ? " " : "", command) < 0)
        return NULL;
    return name;
}

/* The number of each process's candidate, in `now[].line`; and how many there
 * are. -1: no memory. */
static long number_candidates(struct pmt_shares *s, bool by_program)
{
    struct pmt_intern programs = {0};
    char program[PROGRAM_BYTES];
    long n = 0;

    for (size_t i = 0; i < s->stream_count; i++) {
        struct share_stream *stream = &s->streams[i];

        for (size_t k = 0; k < stream->list.count; k++) {
            const struct pmt_life *life = &stream->list.lives[k];
            const char *command = life->command ? life->command
                                                : stream->name;
            uint32_t number = (uint32_t)n;

            if (!counts(stream, life))
                continue;
            if (by_program)
                number = pmt_intern_add(&programs, program,
                                        program_of(command, program));
            if (number == PMT_INTERN_NONE) {
                pmt_intern_release(&programs);
                return -1;
            }
            stream->now[k].line = number;
            if (n <= (long)number)
                n = (long)number + 1;
        }
    }
    pmt_intern_release(&programs);
    return n;
}

static int add_to_candidate(struct candidate *c, bool by_program,
                            const struct share_stream *stream,
                            const struct pmt_life *life)
{
    char program[PROGRAM_BYTES];

    if (c->share.processes++ == 0) {
        program_of(life->command ? life->command : stream->name, program);
        c->share.name = by_program ? strdup(program)
                                   : process_name(stream, life);
        if (!c->share.name)
            return PMT_ERR_MEMORY;
    }
    c->share.cpu_ns += life->cpu_ns;
    if (life->rss_most > c->share.most)
        c->share.most = life->rss_most;
    return PMT_OK;
}

/* From numbers of candidates to lines. */
static int make_lines(struct pmt_shares *s, size_t count, bool by_program)
{
    struct candidate *c = calloc(count + 1, sizeof *c);
    uint32_t *line = calloc(count + 1, sizeof *line);
    int code = c && line ? PMT_OK : PMT_ERR_MEMORY;

    for (size_t i = 0; code == PMT_OK && i < count; i++)
        c[i].number = (uint32_t)i;
    for (size_t i = 0; i < s->stream_count; i++)
        for (size_t k = 0; code == PMT_OK && k < s->streams[i].list.count;
             k++)
            if (counts(&s->streams[i], &s->streams[i].list.lives[k]))
                code = add_to_candidate(&c[s->streams[i].now[k].line],
                                        by_program, &s->streams[i],
                                        &s->streams[i].list.lives[k]);
    if (code == PMT_OK)
        qsort(c, count, sizeof *c, by_most);
    s->lines = calloc(s->lines_max + 1, sizeof *s->lines);
    if (!s->lines)
        code = PMT_ERR_MEMORY;
    for (size_t i = 0; c && i < count; i++) {
        if (code == PMT_OK && i < s->lines_max) {
            line[c[i].number] = (uint32_t)s->line_count;
            s->lines[s->line_count++] = c[i].share;
            continue;
        }
        if (code == PMT_OK)
            line[c[i].number] = (uint32_t)s->lines_max;
        s->others += c[i].share.processes;
        s->others_cpu_ns += c[i].share.cpu_ns;
        free(c[i].share.name);
    }
    for (size_t i = 0; code == PMT_OK && i < s->stream_count; i++)
        for (size_t k = 0; k < s->streams[i].list.count; k++)
            if (counts(&s->streams[i], &s->streams[i].list.lives[k]))
                s->streams[i].now[k].line =
                    line[s->streams[i].now[k].line];
    free(line);
    free(c);
    return code;
}

int pmt_shares_rank(struct pmt_shares *s)
{
    long count;

    for (size_t i = 0; i < s->stream_count; i++) {
        struct share_stream *stream = &s->streams[i];

        if (pmt_process_list_finish(&stream->list))
            return PMT_ERR_MEMORY;
        for (size_t k = 0; k < stream->list.count; k++)
            stream->others |= stream->list.lives[k].pid != 0;
        stream->now = calloc(stream->list.count + 1, sizeof *stream->now);
        if (!stream->now)
            return PMT_ERR_MEMORY;
    }
    find_known(s);
    for (size_t i = 0; i < s->stream_count; i++)
        for (size_t k = 0; k < s->streams[i].list.count; k++)
            s->processes += counts(&s->streams[i],
                                   &s->streams[i].list.lives[k]);
    count = s->processes > PMT_SHARES_MANY ? number_candidates(s, true) : 0;
    if (count >= PROGRAMS_LEAST)
        s->programs = (size_t)count;
    else if (count >= 0)
        count = number_candidates(s, false);
    if (count < 0)
        return PMT_ERR_MEMORY;
    return make_lines(s, (size_t)count, s->programs > 0);
}

bool pmt_shares_is_single(const struct pmt_shares *s,
                          const struct pmt_stream *stream, uint64_t pid)
{
    const struct share_stream *own = find_stream(s, stream);

    if (!own || !own->others)
        return pid == 0;
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].known) /* which is a curve already */
            return false;
    return pid != 0 && s->processes == 1;
}

/* ---- the second pass ----------------------------------------------------- */

static int compare_ends(const void *a, const void *b, void *lives)
{
    const struct pmt_life *x = (struct pmt_life *)lives + *(const uint32_t *)a,
                          *y = (struct pmt_life *)lives + *(const uint32_t *)b;

    return x->last_ns < y->last_ns ? -1 : x->last_ns > y->last_ns;
}

static int begin_stream(const struct pmt_shares *s,
                        struct share_stream *stream, size_t column)
{
    size_t slots = s->line_count + 1;

    stream->begun = true;
    stream->column = column;
    stream->sum = calloc(2 * slots, sizeof *stream->sum);
    stream->ends = calloc(stream->list.count + 1, sizeof *stream->ends);
    if (!stream->sum || !stream->ends)
        return PMT_ERR_MEMORY;
    stream->best = stream->sum + slots;
    for (uint32_t i = 0; i < stream->list.count; i++)
        if (stream->list.lives[i].ended)
            stream->ends[stream->end_count++] = i;
    qsort_r(stream->ends, stream->end_count, sizeof *stream->ends,
            compare_ends, stream->list.lives);
    return PMT_OK;
}

static int begin_columns(struct pmt_shares *s, const struct pmt_series *series)
{
    bool one = s->processes == 1;

    s->rss.slots = s->line_count + 1;
    s->cpu.slots = one ? 2 : s->line_count + 1;
    s->rss.values = calloc(series->columns * s->rss.slots,
                           sizeof *s->rss.values);
    s->cpu.values = calloc(series->columns * s->cpu.slots,
                           sizeof *s->cpu.values);
    return s->rss.values && s->cpu.values ? PMT_OK : PMT_ERR_MEMORY;
}

static void keep_best(const struct pmt_shares *s, struct share_stream *stream)
{
    if (stream->total < stream->best_total)
        return;
    stream->best_total = stream->total;
    memcpy(stream->best, stream->sum,
           (s->line_count + 1) * sizeof *stream->best);
}

/* Goes on to a column; what is had lasts until it changes. */
static void advance(struct pmt_shares *s, struct share_stream *stream,
                    size_t column)
{
    while (stream->column < column) {
        uint64_t *values = s->rss.values + stream->column * s->rss.slots;

        keep_best(s, stream);
        for (size_t i = 0; i < s->rss.slots; i++)
            values[i] += stream->best[i];
        stream->best_total = 0;
        keep_best(s, stream);
        stream->column++;
    }
}

static void set_rss(struct share_stream *stream, struct share_now *now,
                    uint64_t rss)
{
    stream->sum[now->line] += rss - now->rss;
    stream->total += rss - now->rss;
    now->rss = rss;
}

/* Processor time between two moments of the axis, shared out to the columns
 * between them. */
static void put_cpu(struct pmt_shares *s, const struct pmt_series *series,
                    size_t slot, uint64_t from_ns, uint64_t to_ns,
                    uint64_t used_ns)
{
    double rate = to_ns > from_ns
                      ? (double)used_ns / (double)(to_ns - from_ns)
                      : 0.0;
    size_t first = pmt_series_column(series, from_ns),
           last = pmt_series_column(series, to_ns);

    for (size_t c = first; c <= last; c++) {
        uint64_t begin = series->begin_ns + c * series->column_ns,
                 end = begin + series->column_ns;
        uint64_t from = c == first ? from_ns : begin,
                 to = c == last ? to_ns : end;

        if (to > from)
            s->cpu.values[c * s->cpu.slots + slot] +=
                (uint64_t)(rate * (double)(to - from) + 0.5);
    }
    s->cpu_total_ns += used_ns;
    s->has_cpu = true;
}

/* Columns of a chunk. */
struct sampled {
    const uint64_t *times, *pids;
    const int64_t *rss, *cpu[2];
};

/* No memory and no time is less than none. */
static uint64_t at_least_0(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

/* Draws what was not drawn yet, where that is of so long a time. */
static void draw_cpu(struct pmt_shares *s, const struct pmt_series *series,
                     struct share_now *now, uint64_t offset_ns,
                     uint64_t least_ns)
{
    bool one = s->processes == 1;

    for (int i = 0; i < 2 && now->has_cpu; i++) {
        if (now->cpu_last_ns - now->cpu_ns[i] < least_ns)
            continue;
        if (now->cpu_last[i] >= now->cpu[i])
            put_cpu(s, series, one ? (size_t)i : now->line,
                    offset_ns + now->cpu_ns[i],
                    offset_ns + now->cpu_last_ns,
                    now->cpu_last[i] - now->cpu[i]);
        now->cpu[i] = now->cpu_last[i];
        now->cpu_ns[i] = now->cpu_last_ns;
    }
}

/* Systems count in steps of some ms: over less than this a rate is noise. */
static uint64_t least_of(const struct pmt_series *series)
{
    uint64_t ns = (series->span_ns - series->begin_ns) / 200;

    return ns < STEP_NS ? STEP_NS : ns;
}

static void take_cpu(struct pmt_shares *s, const struct pmt_series *series,
                     const struct pmt_life *life, struct share_now *now,
                     const struct sampled *of, uint32_t row, uint64_t ns,
                     uint64_t offset_ns)
{
    if (!of->cpu[0] && !of->cpu[1])
        return;
    for (int i = 0; i < 2; i++) {
        uint64_t value = of->cpu[i] ? at_least_0(of->cpu[i][row]) : 0;

        if (!now->has_cpu) { /* what began has used nothing then */
            now->cpu[i] = life->started ? 0 : value;
            now->cpu_ns[i] = life->started ? life->first_ns : ns;
        }
        now->cpu_last[i] = value;
    }
    now->has_cpu = true;
    now->cpu_last_ns = ns;
    draw_cpu(s, series, now, offset_ns, least_of(series));
}

/* Those that ended by then have nothing any more. */
static void end_until(struct pmt_shares *s, const struct pmt_series *series,
                      struct share_stream *stream, uint64_t offset_ns,
                      uint64_t ns)
{
    while (stream->ended < stream->end_count) {
        uint32_t at = stream->ends[stream->ended];
        uint64_t end_ns = stream->list.lives[at].last_ns;

        if (end_ns > ns)
            break;
        keep_best(s, stream);
        advance(s, stream, pmt_series_column(series, offset_ns + end_ns));
        set_rss(stream, &stream->now[at], 0);
        draw_cpu(s, series, &stream->now[at], offset_ns, 1);
        stream->ended++;
    }
}

static void take_row(struct pmt_shares *s, const struct pmt_series *series,
                     struct share_stream *stream, const struct sampled *of,
                     uint32_t row, uint32_t tick_ns, uint64_t offset_ns)
{
    uint64_t ns = of->times[row] * tick_ns;
    uint32_t at = pmt_process_list_at(&stream->list,
                                      of->pids ? of->pids[row] : 0, ns);
    const struct pmt_life *life = at ? &stream->list.lives[at - 1] : NULL;

    if (!life || !counts(stream, life))
        return;
    if (ns != stream->time_ns) { /* a look at all of them is over */
        keep_best(s, stream);
        end_until(s, series, stream, offset_ns, ns);
        advance(s, stream, pmt_series_column(series, offset_ns + ns));
        stream->time_ns = ns;
    }
    if (of->rss && !(life->ended && ns > life->last_ns))
        set_rss(stream, &stream->now[at - 1], at_least_0(of->rss[row]));
    take_cpu(s, series, life, &stream->now[at - 1], of, row, ns, offset_ns);
}

static bool is(struct pmt_text text, const char *what)
{
    return text.bytes && text.length == strlen(what) &&
           memcmp(text.bytes, what, text.length) == 0;
}

static struct sampled find_columns(struct pmt_reader *r)
{
    struct sampled of = {
        .times = pmt_reader_column(r, PMT_COL_TIME),
        .pids = pmt_reader_column(r, PMT_COL_PID),
    };
    size_t count;
    const struct pmt_figure *figures = pmt_reader_figures(r, &count);

    for (size_t f = 0; f < count; f++) {
        const int64_t *column = pmt_reader_figure(r, f);

        if (is(figures[f].name, "rss"))
            of.rss = column;
        else if (is(figures[f].name, "cpu_user"))
            of.cpu[0] = column;
        else if (is(figures[f].name, "cpu_system"))
            of.cpu[1] = column;
    }
    return of;
}

int pmt_shares_take(struct pmt_shares *s, const struct pmt_series *series,
                    struct pmt_reader *r, const struct pmt_event *event)
{
    uint64_t until, offset_ns;
    struct share_stream *stream;
    uint32_t tick_ns;
    struct sampled of;

    if (event->type != PMT_EVENT_RECORDS ||
        event->envelope.kind != PMT_KIND_SAMPLE)
        return PMT_OK;
    stream = find_stream(s, event->stream);
    if (!stream)
        return PMT_OK;
    tick_ns = pmt_stream_header(event->stream)->tick_ns;
    until = pmt_instant_in_stream(&series->until, event->stream);
    offset_ns = pmt_series_offset(series, event->stream);
    of = find_columns(r);
    if (!s->rss.values && begin_columns(s, series))
        return PMT_ERR_MEMORY;
    if (!stream->begun &&
        begin_stream(s, stream, pmt_series_column(series, offset_ns)))
        return PMT_ERR_MEMORY;
    for (uint32_t i = 0; of.times && i < event->envelope.count; i++)
        if (of.times[i] * tick_ns <= until)
            take_row(s, series, stream, &of, i, tick_ns, offset_ns);
    return PMT_OK;
}

void pmt_shares_finish(struct pmt_shares *s, const struct pmt_series *series,
                       const struct pmt_live_sets *live)
{
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_stream *of = live->streams[i].stream;
        uint64_t until = pmt_instant_in_stream(&series->until, of);
        uint64_t end = live->streams[i].end_ns < until
                           ? live->streams[i].end_ns
                           : until;
        uint64_t offset_ns = pmt_series_offset(series, of);
        struct share_stream *stream = find_stream(s, of);

        if (!stream || !stream->begun)
            continue;
        end_until(s, series, stream, offset_ns, end);
        for (size_t k = 0; k < stream->list.count; k++)
            draw_cpu(s, series, &stream->now[k], offset_ns, 1);
        advance(s, stream,
                pmt_series_column(series, offset_ns + end) + 1);
    }
}
