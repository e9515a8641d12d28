/* picture.c: see picture.h. */
#include "picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "glyphs.h"
#include "gnuplot.h"

/* "]]>" must not be in an XML document, and gnuplot puts it there. The script
 * has it as figure-text.c writes it. */
static void write_for_xml(const char *script, FILE *out)
{
    static const char end[] = "\\135\\135>";
    const char *at;

    for (; (at = strstr(script, end)) != NULL; script = at + strlen(end)) {
        fwrite(script, 1, (size_t)(at - script), out);
        fputs("\\135\\135\\134x3e", out);
    }
    fputs(script, out);
}

/* A PNG is drawn with the fonts that are here, an SVG with those of whoever
 * looks at it. */
int pmt_picture_script(const struct pmt_figure_drawing *drawing, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory;

    memory = open_memstream(&text, &length);
    if (!memory)
        return pmt_fail("out of memory");
    pmt_figure_script(drawing, memory);
    if (fclose(memory)) {
        free(text);
        return pmt_fail("out of memory");
    }
    if (drawing->picture == PMT_PICTURE_SVG ||
        drawing->picture == PMT_PICTURE_SVG_INTERACTIVE)
        write_for_xml(text, out);
    else
        pmt_glyphs_write(text, length, out);
    free(text);
    return PMT_EXIT_OK;
}

/* gnuplot doesn't say when it could not write all. */
static int check(FILE *picture, enum pmt_picture format)
{
    static const char *const ends[] = {
        [PMT_PICTURE_PNG] = "IEND",
        [PMT_PICTURE_SVG] = "</svg>",
        [PMT_PICTURE_SVG_INTERACTIVE] = "</svg>",
        [PMT_PICTURE_PDF] = "%%EOF",
    };
    char tail[64];
    long size;
    size_t length;

    if (fseek(picture, 0, SEEK_END) || (size = ftell(picture)) < 0)
        return pmt_fail_errno(errno, "cannot read a temporary file");
    if (size == 0)
        return pmt_fail("gnuplot drew nothing");
    fseek(picture, size < 32 ? 0 : size - 32, SEEK_SET);
    length = fread(tail, 1, sizeof tail, picture);
    if (!memmem(tail, length, ends[format], strlen(ends[format])))
        return pmt_fail("gnuplot drew only a part: is the folder for "
                        "temporary files full?");
    rewind(picture);
    return PMT_EXIT_OK;
}

static int run(const struct pmt_figure_drawing *drawing, FILE *script,
               FILE *picture, FILE *out)
{
    struct pmt_error err;
    char block[4096];
    size_t length;

    if (pmt_picture_script(drawing, script))
        return PMT_EXIT_TROUBLE;
    if (fflush(script))
        return pmt_fail_errno(errno, "cannot write a temporary file");
    if (pmt_gnuplot_run(script, fileno(picture), &err))
        return pmt_fail("%s", err.message);
    if (check(picture, drawing->picture))
        return PMT_EXIT_TROUBLE;
    while ((length = fread(block, 1, sizeof block, picture)) > 0)
        fwrite(block, 1, length, out);
    if (ferror(picture))
        return pmt_fail_errno(errno, "cannot read a temporary file");
    return PMT_EXIT_OK;
}

int pmt_picture_draw(const struct pmt_figure_drawing *drawing, FILE *out)
{
    FILE *script = tmpfile(), *picture = tmpfile();
    int status;

    if (script && picture)
        status = run(drawing, script, picture, out);
    else
        status = pmt_fail_errno(errno, "cannot make a temporary file");
    if (script)
        fclose(script);
    if (picture)
        fclose(picture);
    return status;
}
