/* live-total.c: the figures of a live set; see live-report.h. */
#include <string.h>

#include "live-report.h"

static void add_counts(struct pmt_live_counts *sum,
                       const struct pmt_live_set *set)
{
    const struct pmt_live_counts *counts = &set->counts;

    if (set->sample_bytes) {
        sum->created += pmt_weight_blocks(set->weights.created);
        sum->destroyed += pmt_weight_blocks(set->weights.destroyed);
        sum->resized += pmt_weight_blocks(set->weights.resized);
    } else {
        sum->created += counts->created;
        sum->destroyed += counts->destroyed;
        sum->resized += counts->resized;
    }
    sum->undone += counts->undone;
    sum->bytes += counts->bytes;
    sum->unknown_before_loss += counts->unknown_before_loss;
    sum->unknown_after_loss += counts->unknown_after_loss;
    sum->inferred += counts->inferred;
    sum->unseen += counts->unseen;
    sum->filtered += counts->filtered;
    sum->states += counts->states;
    sum->parts_missing += counts->parts_missing;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_loss(struct pmt_live_total *total,
                     const struct pmt_live_stream *stream,
                     const struct pmt_live_set *set)
{
    uint64_t ns = set->loss_time * stream->tick_ns;

    if (!pmt_live_set_is_approximate(set))
        return;
    if (!total->approximate || ns < total->loss_ns)
        total->loss_ns = ns;
    total->approximate = true;
    total->lost += stream->lost - stream->lost_before;
    total->missing += stream->missing;
}

static void add_beginning(struct pmt_live_total *total,
                          const struct pmt_live_stream *stream)
{
    if (!stream->begun_late)
        return;
    if (total->begun_late++ == 0 || stream->begun_ns < total->begun_ns)
        total->begun_ns = stream->begun_ns;
}

static void add_sampling(struct pmt_live_total *total,
                         const struct pmt_live_set *set)
{
    if (!set->sample_bytes)
        return;
    if (!total->estimated || set->sample_bytes < total->sample_bytes_low)
        total->sample_bytes_low = set->sample_bytes;
    if (set->sample_bytes > total->sample_bytes_high)
        total->sample_bytes_high = set->sample_bytes;
    total->estimated = true;
    total->samples += set->now.count;
}

void pmt_live_total_of(struct pmt_live_total *total,
                       const struct pmt_live_report *report)
{
    const struct pmt_live_sets *live = report->live;

    memset(total, 0, sizeof *total);
    total->quick = live->quick;
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_set *set = &stream->sets[report->which];

        if (!stream->seen[report->which])
            continue;
        total->streams++;
        total->exits += set->ended;
        total->exits_guessed += set->ended && !stream->exit_told;
        total->incomplete += !stream->ended && !stream->past;
        total->inferring += set->infer;
        total->sized |= stream->sized;
        total->now.count += pmt_live_set_blocks(set, &set->now);
        total->now.bytes += set->now.bytes;
        total->peak.count += pmt_live_set_blocks(set, &set->peak);
        total->peak.bytes += set->peak.bytes;
        total->peak_ns = set->peak.time * stream->tick_ns;
        total->now_ns = later(total->now_ns,
                              pmt_live_sets_now_ns(live, stream, set));
        add_beginning(total, stream);
        add_counts(&total->counts, set);
        add_sampling(total, set);
        add_loss(total, stream, set);
    }
}

void pmt_live_end_text(const struct pmt_live_total *total, FILE *file)
{
    const char *began = total->exits_guessed ? "seems to have begun" : "began";
    char seconds[PMT_TEXT_SIZE];

    pmt_text_seconds(seconds, total->now_ns);
    if (total->exits == 0)
        fprintf(file, "the end (%s)", seconds);
    else if (total->streams == 1)
        fprintf(file, "%s, where the interpreter %s to end", seconds, began);
    else if (total->exits == total->streams)
        fprintf(file, "%s, each stream where its interpreter %s to end",
                seconds, began);
    else
        fprintf(file, "the end (%s), or of %zu of them where the interpreter "
                "%s to end", seconds, total->exits, began);
}

/* Records that were let go are not missing: the live set of that moment
 * stands for them. */
void pmt_live_let_go_text(const struct pmt_live_total *total, FILE *file)
{
    char buffer[PMT_TEXT_SIZE];

    if (total->begun_late)
        fprintf(file,
                total->quick ? "  since %s, where the trace states what was "
                               "live: what came and went before is not "
                               "counted\n"
                             : "  since %s: what was recorded before was let "
                               "go, but for what was live\n",
                pmt_text_seconds(buffer, total->begun_ns));
}

void pmt_live_lost_text(const struct pmt_live_total *total, FILE *file)
{
    char buffer[PMT_TEXT_SIZE];

    fprintf(file, "  approximate since %s",
            pmt_text_seconds(buffer, total->loss_ns));
    if (total->lost)
        fprintf(file, ": %s event%s lost",
                pmt_text_count(buffer, total->lost),
                pmt_text_plural(total->lost));
    if (total->missing)
        fprintf(file, "%s %s chunk%s missing", total->lost ? "," : ":",
                pmt_text_count(buffer, total->missing),
                pmt_text_plural(total->missing));
}

void pmt_live_lost_json(const struct pmt_live_total *total,
                        struct pmt_json *json)
{
    pmt_json_bool(json, "approximate", total->approximate);
    if (total->approximate)
        pmt_json_u64(json, "loss_time_ns", total->loss_ns);
    pmt_json_u64(json, "lost", total->lost);
    pmt_json_u64(json, "missing_chunks", total->missing);
    pmt_json_u64(json, "streams", total->streams);
}
