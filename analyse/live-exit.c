/* live-exit.c: see live-exit.h. */
#include "live-exit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "own-site.h"
#include "seek.h"

static const char exit_mark[] = "pmtrace: exit";

/* ---- what the recorder said ---------------------------------------------- */

/* The last one of a stream counts: one that starts again has another. */
static int note_exit(struct pmt_live_exits *exits, uint64_t key, uint64_t ns)
{
    struct pmt_live_exit *more;

    for (size_t i = 0; i < exits->count; i++)
        if (exits->items[i].key == key) {
            exits->items[i].ns = ns;
            return PMT_OK;
        }
    more = realloc(exits->items, (exits->count + 1) * sizeof *more);
    if (!more)
        return PMT_ERR_MEMORY;
    exits->items = more;
    exits->items[exits->count++] = (struct pmt_live_exit){key, ns};
    return PMT_OK;
}

int pmt_live_exits_note(struct pmt_live_exits *exits, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    int code = PMT_OK;

    for (uint32_t i = 0; code == PMT_OK && i < event->envelope.count; i++) {
        struct pmt_text text = pmt_reader_text(r, i);

        if (text.bytes && text.length == sizeof exit_mark - 1 &&
            memcmp(text.bytes, exit_mark, text.length) == 0)
            code = note_exit(exits, event->envelope.stream_key,
                             times ? times[i] * tick_ns : 0);
    }
    return code;
}

int pmt_live_exits_find(struct pmt_live_exits *exits,
                        const struct pmt_trace *in)
{
    struct pmt_trace pass;
    struct pmt_event event;
    struct pmt_error err;
    int code;

    memset(exits, 0, sizeof *exits);
    if (pmt_seek_open_kinds(&pass, in->path, UINT64_C(1) << PMT_KIND_MARK))
        return PMT_EXIT_TROUBLE;
    while ((code = pmt_trace_next(&pass, &event, &err)) == PMT_OK)
        if (event.type == PMT_EVENT_RECORDS &&
            event.envelope.kind == PMT_KIND_MARK &&
            pmt_live_exits_note(exits, pass.reader, &event)) {
            pmt_live_exits_release(exits);
            pmt_trace_release(&pass);
            return pmt_fail("%s: out of memory", in->name);
        }
    if (code != PMT_END) {
        pmt_live_exits_release(exits);
        return pmt_trace_failed(&pass, &err);
    }
    pmt_trace_release(&pass);
    return PMT_EXIT_OK;
}

void pmt_live_exits_release(struct pmt_live_exits *exits)
{
    free(exits->items);
    memset(exits, 0, sizeof *exits);
}

void pmt_live_exit_begin(const struct pmt_live_sets *live,
                         struct pmt_live_stream *stream)
{
    const struct pmt_live_exits *exits = live->exits;

    stream->exit_ns = UINT64_MAX;
    stream->exit_told = exits && pmt_stream_has_hook(stream->stream, "exit");
    for (size_t i = 0; stream->exit_told && i < exits->count; i++)
        if (exits->items[i].key == stream->key)
            stream->exit_ns = exits->items[i].ns;
}

/* ---- what can be guessed ------------------------------------------------- */

/* A stack is the program's as its caller is. */
static int look_up_program(struct pmt_live_stream *stream)
{
    uint32_t count = pmt_stream_table_size(stream->stream, PMT_KIND_STACKS);

    for (; stream->next_stack < count; stream->next_stack++) {
        struct pmt_site site;
        uint32_t known = 0;

        if (!pmt_stream_site(stream->stream, stream->next_stack, &site))
            continue;
        if (site.parent < stream->next_stack)
            known = pmt_id_map_get(&stream->program, site.parent);
        if (known == 0)
            known = pmt_stack_of_program(stream->stream, stream->next_stack)
                        ? 1
                        : 2;
        if (pmt_id_map_set(&stream->program, stream->next_stack, known))
            return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

/* Is a tail kept of what may be the end? The stacks of objects have one frame
 * most often, which does not tell where they began. */
static bool guesses(const struct pmt_live_sets *live,
                    const struct pmt_live_stream *stream,
                    enum pmt_live_which which)
{
    return live->exits && !stream->exit_told && !live->wind_down &&
           which == PMT_LIVE_BLOCKS;
}

/* Streams move, so it is said for each chunk. */
int pmt_live_exit_prepare(const struct pmt_live_sets *live,
                          struct pmt_live_stream *stream,
                          enum pmt_live_which which)
{
    if (!guesses(live, stream, which))
        return PMT_OK;
    stream->sets[which].program = &stream->program;
    return look_up_program(stream);
}

/* A process that was killed has no end, and what it released last it released
 * itself. */
void pmt_live_exit_finish(struct pmt_live_sets *live,
                          struct pmt_live_stream *stream)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_live_set *set = &stream->sets[which];
        bool guess = guesses(live, stream, (enum pmt_live_which)which);

        /* For want of memory the end stays as it is. */
        if (guess)
            set->program = &stream->program;
        if (stream->exit_told)
            set->ended = stream->exit_ns != UINT64_MAX;
        if (live->wind_down || (guess && stream->ended))
            pmt_live_set_undo_end(set);
    }
}
