/* input.c - a sliding window on a source. */
#include "input.h"

#include <string.h>

/*
 * How much is read at a time: little behind a jump, so that who goes from label
 * to label reads hardly more than labels; twice as much each time that it goes
 * on from there.
 */
#define READ_BYTES_LEAST ((size_t)512)
#define READ_BYTES_MOST ((size_t)256 << 10)

/* A gap that is not worth a jump: small frames are read through. */
#define SHORT_GAP 4096u

void pmt_input_init(struct pmt_input *in, struct pmt_source *source)
{
    memset(in, 0, sizeof *in);
    in->source = *source;
    in->end = PMT_NO_OFFSET;
    in->step = READ_BYTES_LEAST;
    memset(source, 0, sizeof *source);
}

void pmt_input_release(struct pmt_input *in)
{
    pmt_source_close(&in->source);
    pmt_buffer_release(&in->window);
}

/* A file is sought. */
static int jump(struct pmt_input *in, uint64_t offset)
{
    uint64_t end = in->start + in->window.used;

    if (offset < in->start || offset - end > SHORT_GAP) {
        in->step = READ_BYTES_LEAST;
    }
    in->window.used = 0;
    in->start = offset;
    return PMT_OK;
}

/* Forgets what lies before `offset`. */
static int move_to(struct pmt_input *in, uint64_t offset,
                   struct pmt_error *err)
{
    struct pmt_buffer *w = &in->window;
    size_t done;

    if (offset < in->start) {
        if (in->source.size == PMT_NO_OFFSET) {
            return pmt_error_set(err, PMT_ERR_ARGUMENT, offset,
                                 "a pipe can't be read again");
        }
        return jump(in, offset);
    }
    while (offset - in->start > w->used) {
        /* Beyond the window: a file is sought, a pipe is read through. */
        if (in->source.size != PMT_NO_OFFSET) {
            return jump(in, offset);
        }
        if (in->end != PMT_NO_OFFSET) {
            break;
        }
        in->start += w->used;
        w->used = 0;
        if (!pmt_input_at(in, in->start, 1, &done, err)) {
            return in->rc;
        }
        if (!done) {
            break;
        }
    }
    done = offset - in->start < w->used ? (size_t)(offset - in->start)
                                        : w->used;
    if (done < w->used) {
        memmove(w->bytes, w->bytes + done, w->used - done);
    }
    w->used -= done;
    in->start = offset;
    return PMT_OK;
}

const uint8_t *pmt_input_at(struct pmt_input *in, uint64_t offset, size_t n,
                            size_t *have, struct pmt_error *err)
{
    struct pmt_buffer *w = &in->window;
    int rc = PMT_OK;

    /* Move only when the bytes aren't there: small steps cost nothing. */
    if (offset < in->start || offset - in->start + n > w->used) {
        rc = move_to(in, offset, err);
    }
    while (rc == PMT_OK && offset - in->start + n > w->used) {
        size_t want = n > in->step ? n : in->step;
        int64_t got;

        if (in->start + w->used >= in->end) {
            break; /* a pipe that has ended is not asked again */
        }
        /* First what is there: a file may claim more than it has. */
        if (in->source.size != PMT_NO_OFFSET) {
            uint64_t left = in->source.size - (in->start + w->used);

            if (in->start + w->used >= in->source.size) {
                break;
            }
            want = left < want ? (size_t)left : want;
        }
        if (pmt_buffer_reserve(w, want) < 0) {
            in->rc = pmt_error_set_memory(err);
            return NULL;
        }
        got = in->source.read_at(in->source.context, in->start + w->used,
                                 w->bytes + w->used, want, err);
        if (got < 0) {
            in->rc = (int)got;
            return NULL;
        }
        if (!got) {
            in->end = in->start + w->used;
            break;
        }
        w->used += (size_t)got;
        in->step = in->step * 2 < READ_BYTES_MOST ? in->step * 2
                                                  : READ_BYTES_MOST;
    }
    in->rc = rc;
    if (rc < 0) {
        return NULL;
    }
    *have = w->used - (size_t)(offset - in->start);
    return w->bytes ? w->bytes + (offset - in->start)
                    : (const uint8_t *)"";
}
