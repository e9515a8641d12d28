/*
 * mutate.c - changes a trace as someone would who knows the format: behind
 * its checksums.
 *
 * The trace is cut into its frames. The content of a data frame is changed by
 * libFuzzer and wrapped again, with a label that fits; frames are left out,
 * doubled and moved; labels and indexes are changed and get the right CRC;
 * at the end an index is made new, mostly. Now and then the bytes are changed
 * as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "chunk.h"
#include "crc32c.h"
#include "frame.h"
#include "fuzz.h"
#include "label.h"

#define PIECES_MAX 96u
#define CONTENT_MAX (1u << 18)

enum piece_type { PIECE_LABEL, PIECE_DATA, PIECE_INDEX, PIECE_OTHER };

struct piece {
    enum piece_type type;
    const uint8_t *bytes;
    size_t n;
};

struct pieces {
    struct piece list[PIECES_MAX];
    size_t count;
    uint64_t random;
};

static uint32_t pick(struct pieces *p, size_t below)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return (uint32_t)((p->random >> 11) % (below ? below : 1));
}

/* ---- cutting up ----------------------------------------------------------- */

static struct piece cut_one(const uint8_t *p, size_t left)
{
    struct piece piece = {PIECE_OTHER, p, left};
    size_t content;

    if (left >= 8 && pmt_get_u32le(p) >= PMT_SKIPPABLE_FIRST &&
        pmt_get_u32le(p) <= PMT_SKIPPABLE_LAST &&
        pmt_get_u32le(p + 4) <= left - 8) {
        piece.n = 8 + pmt_get_u32le(p + 4);
        if (pmt_get_u32le(p) == PMT_LABEL_MAGIC &&
            piece.n == PMT_LABEL_BYTES) {
            piece.type = PIECE_LABEL;
        } else if (pmt_get_u32le(p) == PMT_INDEX_MAGIC &&
                   piece.n >= 8 + PMT_INDEX_TRAILER) {
            piece.type = PIECE_INDEX;
        }
    } else if (left >= 5 && pmt_get_u32le(p) == PMT_FRAME_MAGIC &&
               pmt_frame_measure(p, left, 0, &piece.n, &content, NULL) ==
                   PMT_OK) {
        piece.type = PIECE_DATA;
    } else {
        /* Up to something that looks like a frame. */
        piece.n = 1;
        while (piece.n < left &&
               !(left - piece.n >= 4 &&
                 (pmt_get_u32le(p + piece.n) == PMT_FRAME_MAGIC ||
                  pmt_get_u32le(p + piece.n) == PMT_LABEL_MAGIC))) {
            piece.n++;
        }
    }
    return piece;
}

static void cut(struct pieces *p, const uint8_t *data, size_t size)
{
    size_t at = 0;

    p->count = 0;
    while (at < size && p->count < PIECES_MAX - 8) {
        p->list[p->count] = cut_one(data + at, size - at);
        at += p->list[p->count++].n;
    }
}

static void put_in(struct pieces *p, size_t at, struct piece piece)
{
    if (p->count < PIECES_MAX) {
        memmove(p->list + at + 1, p->list + at,
                (p->count - at) * sizeof *p->list);
        p->list[at] = piece;
        p->count++;
    }
}

static void take_out(struct pieces *p, size_t at)
{
    p->count--;
    memmove(p->list + at, p->list + at + 1,
            (p->count - at) * sizeof *p->list);
}

/* Some piece of a type, or p->count when there is none. */
static size_t find(struct pieces *p, enum piece_type type)
{
    size_t from = pick(p, p->count);

    for (size_t i = 0; i < p->count; i++) {
        size_t at = (from + i) % p->count;

        if (p->list[at].type == type) {
            return at;
        }
    }
    return p->count;
}

/* ---- changing ------------------------------------------------------------- */

/* A label for a frame, by what its chunk says; the old one is the base where
 * the chunk is not sound. */
static void make_label(uint8_t *label, const struct piece *old,
                       const struct pmt_buffer *content,
                       const struct pmt_buffer *frame)
{
    static struct pmt_chunk chunk;
    struct pmt_entry e;
    uint32_t version[2];
    const struct pmt_envelope *v = &chunk.envelope;

    memset(&e, 0, sizeof e);
    if (old) {
        pmt_label_decode(old->bytes + PMT_SKIPPABLE_HEADER, &e);
    }
    if (pmt_chunk_open(&chunk, content, 0, version, NULL) == PMT_OK) {
        e.kind = v->kind;
        e.stream_key = v->stream_key;
        e.seq = (uint32_t)v->seq;
        e.count = v->count;
        e.t0 = v->t0;
        e.t1 = v->t1;
        e.epoch = v->epoch;
        e.lost = v->lost < UINT32_MAX ? (uint32_t)v->lost : UINT32_MAX;
    }
    e.content_bytes = (uint32_t)content->used;
    e.frame_bytes = (uint32_t)frame->used;
    e.frame_crc = pmt_crc32c(0, frame->bytes, frame->used);
    pmt_put_le(label, PMT_LABEL_MAGIC, 4);
    pmt_put_le(label + 4, PMT_LABEL_BODY, 4);
    pmt_label_encode(label + 8, &e);
}

/* Changes what is in a data frame. */
static void change_content(struct pieces *p)
{
    static struct pmt_compressor *compressor;
    static struct pmt_decompressor *decompressor;
    static struct pmt_buffer content, frame;
    static uint8_t label[PMT_LABEL_BYTES];
    size_t at = find(p, PIECE_DATA);
    size_t n, length;

    if (!compressor) {
        FUZZ_MUST(pmt_compressor_new(&compressor, 1, NULL) == PMT_OK);
        FUZZ_MUST(pmt_decompressor_new(&decompressor, NULL) == PMT_OK);
    }
    if (at == p->count ||
        pmt_frame_measure(p->list[at].bytes, p->list[at].n, 0, &length, &n,
                          NULL) != PMT_OK ||
        n > CONTENT_MAX ||
        pmt_decompress(decompressor, p->list[at].bytes, p->list[at].n, 0, n,
                       &content, NULL) != PMT_OK) {
        return;
    }
    FUZZ_MUST(pmt_buffer_reserve(&content, 512) == PMT_OK);
    content.used = LLVMFuzzerMutate(content.bytes, n, n + 512);
    frame.used = 0;
    FUZZ_MUST(pmt_compress(compressor, content.bytes, content.used, &frame,
                           NULL) == PMT_OK);
    p->list[at].bytes = frame.bytes;
    p->list[at].n = frame.used;
    if (at && p->list[at - 1].type == PIECE_LABEL) {
        make_label(label, &p->list[at - 1], &content, &frame);
        p->list[at - 1].bytes = label;
    }
}

static void change_label(struct pieces *p)
{
    static uint8_t label[PMT_LABEL_BYTES];
    size_t at = find(p, PIECE_LABEL);

    if (at < p->count) {
        memcpy(label, p->list[at].bytes, sizeof label);
        LLVMFuzzerMutate(label + 8, 60, 60);
        pmt_put_le(label + 68, pmt_crc32c(0, label + 8, 60), 4);
        p->list[at].bytes = label;
    }
}

static void change_index(struct pieces *p)
{
    static uint8_t index[65536];
    size_t at = find(p, PIECE_INDEX);
    size_t n;

    if (at == p->count || p->list[at].n > sizeof index - 1024) {
        return;
    }
    n = p->list[at].n;
    memcpy(index, p->list[at].bytes, n);
    if (pick(p, 4) == 0) {
        LLVMFuzzerMutate(index + n - PMT_INDEX_TRAILER, 16, 16);
    } else {
        LLVMFuzzerMutate(index + 8, n - 8 - PMT_INDEX_TRAILER,
                         n - 8 - PMT_INDEX_TRAILER);
    }
    pmt_put_le(index + n - 16,
               pmt_trailer_crc(pmt_crc32c(0, index + 8,
                                          n - 8 - PMT_INDEX_TRAILER),
                               index + n - PMT_INDEX_TRAILER),
               4);
    p->list[at].bytes = index;
}

static void change_bytes(struct pieces *p)
{
    static uint8_t bytes[65536];
    size_t at = pick(p, p->count);
    size_t n = p->list[at].n;

    if (n && n <= sizeof bytes - 64) {
        memcpy(bytes, p->list[at].bytes, n);
        p->list[at].n = LLVMFuzzerMutate(bytes, n, n + 64);
        p->list[at].bytes = bytes;
    }
}

static void put_in_frame(struct pieces *p)
{
    static uint8_t frame[64];
    uint32_t n = pick(p, 40);

    memset(frame, 'x', sizeof frame);
    pmt_put_le(frame, PMT_SKIPPABLE_FIRST + pick(p, 16), 4);
    pmt_put_le(frame + 4, n, 4);
    if (pick(p, 4) == 0) {
        memcpy(frame + 8, "PMTL", 4);
    }
    put_in(p, pick(p, p->count + 1),
           (struct piece){PIECE_OTHER, frame, 8 + n});
}

static void change_one(struct pieces *p)
{
    size_t at = pick(p, p->count);
    size_t other = pick(p, p->count);
    struct piece piece = p->list[at];

    switch (pick(p, 16)) {
    case 0:
        take_out(p, at);
        break;
    case 1:
        put_in(p, pick(p, p->count + 1), piece);
        break;
    case 2:
        p->list[at] = p->list[other];
        p->list[other] = piece;
        break;
    case 3:
        change_label(p);
        break;
    case 4:
        change_index(p);
        break;
    case 5:
        change_bytes(p);
        break;
    case 6:
        put_in_frame(p);
        break;
    case 7:
        p->list[at].n = pick(p, piece.n + 1);
        break;
    default:
        change_content(p);
        break;
    }
}

/* ---- putting together ----------------------------------------------------- */

/* An index of what is at `data`, behind it. */
static size_t add_index(const uint8_t *data, size_t size, size_t room,
                        uint8_t *end)
{
    struct pieces all;
    size_t at = 0;
    size_t entries = 0;
    uint8_t *entry = end + 8;

    cut(&all, data, size);
    for (size_t i = 0; i < all.count; i++) {
        if (all.list[i].type == PIECE_LABEL) {
            if (room < 8 + PMT_INDEX_TRAILER + (entries + 1) * 72) {
                return 0;
            }
            pmt_put_le(entry, at, 8);
            memcpy(entry + 8, all.list[i].bytes + 8, PMT_LABEL_BODY);
            entry += PMT_INDEX_ENTRY;
            entries++;
        }
        at += all.list[i].n;
    }
    if (!entries) {
        return 0;
    }
    pmt_put_le(end, PMT_INDEX_MAGIC, 4);
    pmt_put_le(end + 4, entries * PMT_INDEX_ENTRY + PMT_INDEX_TRAILER, 4);
    pmt_trailer_encode(entry, size, (uint32_t)entries,
                       pmt_crc32c(0, end + 8, entries * PMT_INDEX_ENTRY));
    return 8 + entries * PMT_INDEX_ENTRY + PMT_INDEX_TRAILER;
}

size_t fuzz_mutate_trace(uint8_t *data, size_t size, size_t room,
                         unsigned seed)
{
    static uint8_t *out;
    static size_t out_room;
    struct pieces p;
    size_t used = 0;
    int indexed;

    p.random = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1u);
    if (!size || pick(&p, 8) == 0) {
        return LLVMFuzzerMutate(data, size, room);
    }
    if (out_room < room) {
        out = realloc(out, room);
        FUZZ_MUST(out);
        out_room = room;
    }
    cut(&p, data, size);
    indexed = pick(&p, 4) != 0;
    if (p.count) {
        change_one(&p);
    }
    for (size_t i = 0; i < p.count; i++) {
        if (indexed && i + 1 == p.count && p.list[i].type == PIECE_INDEX) {
            break;
        }
        if (p.list[i].n > room - used) {
            break;
        }
        memcpy(out + used, p.list[i].bytes, p.list[i].n);
        used += p.list[i].n;
    }
    if (indexed && used < room) {
        used += add_index(out, used, room - used, out + used);
    }
    memcpy(data, out, used);
    return used;
}
