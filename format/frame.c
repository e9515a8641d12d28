/* frame.c - the one file that knows zstd.h. */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_getFrameHeader, ZSTD_sizeof_CCtx */
#include "frame.h"

#include <stdlib.h>
#include <zstd.h>

#include "bytes.h"

struct pmt_compressor {
    ZSTD_CCtx *cctx;
};

struct pmt_decompressor {
    ZSTD_DCtx *dctx;
};

int pmt_compressor_new(struct pmt_compressor **out, int level,
                       struct pmt_error *err)
{
    struct pmt_compressor *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c) {
        return pmt_error_set_memory(err);
    }
    c->cctx = ZSTD_createCCtx();
    if (!c->cctx) {
        free(c);
        return pmt_error_set_memory(err);
    }
    ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_contentSizeFlag, 1);
    ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_checksumFlag, 1);
    *out = c;
    return PMT_OK;
}

void pmt_compressor_free(struct pmt_compressor *c)
{
    if (c) {
        ZSTD_freeCCtx(c->cctx);
        free(c);
    }
}

uint64_t pmt_compressor_memory(const struct pmt_compressor *c)
{
    return sizeof *c + ZSTD_sizeof_CCtx(c->cctx);
}

/* A window that holds the content makes the frame a single segment. */
static int window_log(size_t n)
{
    int log = ZSTD_WINDOWLOG_MIN;

    while (((size_t)1 << log) < n) {
        log++;
    }
    return log;
}

int pmt_compress(struct pmt_compressor *c, const void *content, size_t n,
                 struct pmt_buffer *out, struct pmt_error *err)
{
    size_t bound = ZSTD_compressBound(n);
    size_t done;

    if (n > PMT_CONTENT_MAX) {
        return pmt_error_set(err, PMT_ERR_LIMIT, PMT_NO_OFFSET,
                             "chunk of %zu bytes is over the limit", n);
    }
    if (pmt_buffer_reserve(out, bound) < 0) {
        return pmt_error_set_memory(err);
    }
    ZSTD_CCtx_reset(c->cctx, ZSTD_reset_session_only);
    ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_windowLog, window_log(n));
    done = ZSTD_compress2(c->cctx, out->bytes + out->used, bound, content, n);
    if (ZSTD_isError(done)) {
        return pmt_error_set_memory(err); /* the only way it can fail with room enough */
    }
    out->used += done;
    return PMT_OK;
}

int pmt_decompressor_new(struct pmt_decompressor **out, struct pmt_error *err)
{
    struct pmt_decompressor *d = calloc(1, sizeof *d);

    *out = NULL;
    if (!d) {
        return pmt_error_set_memory(err);
    }
    d->dctx = ZSTD_createDCtx();
    if (!d->dctx) {
        free(d);
        return pmt_error_set_memory(err);
    }
    ZSTD_DCtx_setParameter(d->dctx, ZSTD_d_windowLogMax, 24);
    *out = d;
    return PMT_OK;
}

void pmt_decompressor_free(struct pmt_decompressor *d)
{
    if (d) {
        ZSTD_freeDCtx(d->dctx);
        free(d);
    }
}

/* Bits of the frame header descriptor, RFC 8878 section 3.1.1.1.1. */
#define DESCRIPTOR_SINGLE_SEGMENT 0x20
#define DESCRIPTOR_UNUSED 0x10
#define DESCRIPTOR_RESERVED 0x08
#define DESCRIPTOR_CHECKSUM 0x04
#define DESCRIPTOR_DICTIONARY 0x03

static int check_descriptor(uint8_t d, uint64_t offset, struct pmt_error *err)
{
    const char *what = NULL;

    if (!(d & DESCRIPTOR_SINGLE_SEGMENT)) {
        what = "frame is not a single segment";
    } else if (!(d & DESCRIPTOR_CHECKSUM)) {
        what = "frame has no content checksum";
    } else if (d & DESCRIPTOR_DICTIONARY) {
        what = "frame needs a dictionary";
    } else if (d & (DESCRIPTOR_UNUSED | DESCRIPTOR_RESERVED)) {
        what = "frame header has a reserved bit set";
    }
    return what ? pmt_error_set(err, PMT_ERR_CORRUPT, offset, "%s", what)
                : PMT_OK;
}

/* Steps over the blocks of a frame (RFC 8878 section 3.1.1.2). Returns its
 * length; 0 when the blocks go on past `n`; SIZE_MAX for a reserved type. */
static size_t frame_length(const uint8_t *p, size_t n, size_t header)
{
    size_t at = header;

    for (;;) {
        uint32_t block;
        unsigned type;
        size_t size;

        if (n - at < 3) {
            return 0;
        }
        block = (uint32_t)pmt_get_le(p + at, 3);
        type = block >> 1 & 3;
        if (type == 3) {
            return SIZE_MAX;
        }
        size = type == 1 ? 1 : block >> 3; /* 1: run of one byte */
        at += 3;
        if (n - at < size) {
            return 0;
        }
        at += size;
        if (block & 1) {
            return n - at < 4 ? 0 : at + 4;
        }
    }
}

int pmt_frame_measure(const uint8_t *p, size_t n, uint64_t offset,
                      size_t *frame_bytes, size_t *content_bytes,
                      struct pmt_error *err)
{
    ZSTD_frameHeader header;
    size_t rc;

    *frame_bytes = 0;
    *content_bytes = 0;
    if (n < 5) {
        return PMT_END;
    }
    rc = check_descriptor(p[4], offset, err) < 0;
    if (rc) {
        return PMT_ERR_CORRUPT;
    }
    rc = ZSTD_getFrameHeader(&header, p, n);
    if (ZSTD_isError(rc)) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                             "frame header is not valid");
    }
    if (rc > 0) {
        return PMT_END;
    }
    if (header.frameContentSize > PMT_CONTENT_MAX) {
        return pmt_error_set(err, PMT_ERR_LIMIT, offset,
                             "frame declares %llu bytes, over the limit",
                             (unsigned long long)header.frameContentSize);
    }
    *content_bytes = (size_t)header.frameContentSize;
    *frame_bytes = frame_length(p, n, header.headerSize);
    if (*frame_bytes == SIZE_MAX) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                             "frame has a block of a reserved type");
    }
    if (*frame_bytes > PMT_FRAME_MAX || (!*frame_bytes && n > PMT_FRAME_MAX)) {
        return pmt_error_set(err, PMT_ERR_LIMIT, offset,
                             "frame is over the limit of %u bytes",
                             PMT_FRAME_MAX);
    }
    return *frame_bytes ? PMT_OK : PMT_END;
}

int pmt_decompress(struct pmt_decompressor *d, const uint8_t *p, size_t n,
                   uint64_t offset, size_t content_bytes,
                   struct pmt_buffer *out, struct pmt_error *err)
{
    size_t done;

    out->used = 0;
    if (pmt_buffer_reserve(out, content_bytes ? content_bytes : 1) < 0) {
        return pmt_error_set_memory(err);
    }
    done = ZSTD_decompressDCtx(d->dctx, out->bytes, content_bytes, p, n);
    if (ZSTD_isError(done)) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, offset, "%s",
                             ZSTD_getErrorName(done));
    }
    if (done != content_bytes) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                             "frame holds %zu bytes, not the %zu it declares",
                             done, content_bytes);
    }
    out->used = done;
    return PMT_OK;
}
