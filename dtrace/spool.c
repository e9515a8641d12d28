/* spool.c - a buffer that may become a temporary file (spool.h). */
#include "spool.h"

#include <errno.h>
#include <stdio.h>

static int spill(struct dt_spool *s, struct pmt_error *err)
{
    FILE *file = s->file ? s->file : tmpfile();

    if (!file)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot make a temporary file");
    s->file = file;
    if (fwrite(s->buffer.bytes, 1, s->buffer.used, file) != s->buffer.used)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot write to a temporary file");
    s->buffer.used = 0;
    return PMT_OK;
}

static int write_spool(void *context, const void *bytes, size_t n,
                       struct pmt_error *err)
{
    struct dt_spool *s = context;

    if (pmt_buffer_append(&s->buffer, bytes, n) < 0)
        return pmt_error_set_memory(err);
    return s->buffer.used > DT_SPOOL_BYTES ? spill(s, err) : PMT_OK;
}

void dt_spool_sink(struct dt_spool *spool, struct pmt_sink *sink)
{
    sink->context = spool;
    sink->write = write_spool;
}

int dt_spool_copy(struct dt_spool *s, const struct pmt_sink *to,
                  struct pmt_error *err)
{
    char block[65536];
    size_t n;
    int rc = PMT_OK;

    if (s->file && fseek(s->file, 0, SEEK_SET) != 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot read a temporary file");
    while (s->file && rc == PMT_OK &&
           (n = fread(block, 1, sizeof block, s->file)) > 0)
        rc = to->write(to->context, block, n, err);
    if (rc == PMT_OK && s->file && ferror((FILE *)s->file))
        rc = pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                 "cannot read a temporary file");
    if (rc == PMT_OK && s->buffer.used > 0)
        rc = to->write(to->context, s->buffer.bytes, s->buffer.used, err);
    dt_spool_release(s);
    return rc;
}

void dt_spool_release(struct dt_spool *s)
{
    if (s->file)
        fclose(s->file);
    pmt_buffer_release(&s->buffer);
    *s = (struct dt_spool){.file = NULL};
}
