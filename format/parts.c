/* parts.c - the files of a stream that is written in parts (pmt/parts.h). */
#include "pmt/parts.h"

#include <stdio.h>

int pmt_part_path(char *out, size_t n, const char *trace, uint32_t part)
{
    int length = snprintf(out, n, "%s.%06u", trace, part);

    return length > 0 && (size_t)length < n ? PMT_OK : PMT_ERR_ARGUMENT;
}
