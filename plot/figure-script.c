/* figure-script.c: a figure as a script for gnuplot: its frame. */
#include "figure-private.h"
#include "figure-style.h"

static void put_terminal(const struct pmt_figure_drawing *drawing, FILE *file)
{
    unsigned width = drawing->width, height = drawing->height;

    fputs("reset\nset encoding utf8\n", file);
    switch (drawing->picture) {
    case PMT_PICTURE_SVG:
    case PMT_PICTURE_SVG_INTERACTIVE:
        fprintf(file,
                "set terminal svg %snoenhanced size %u,%u font "
                "'sans-serif,12' background rgb 'white'\n",
                drawing->picture == PMT_PICTURE_SVG ? ""
                                                    : "mouse standalone ",
                width, height);
        break;
    case PMT_PICTURE_PDF: /* 96 pixels are an inch, as in CSS */
        fprintf(file,
                "set terminal pdfcairo noenhanced size %.3fin,%.3fin font "
                "'Sans,8' background rgb 'white'\n",
                width / 96.0, height / 96.0);
        break;
    case PMT_PICTURE_PNG:
        fprintf(file,
                "set terminal pngcairo noenhanced size %u,%u font 'Sans,10' "
                "background rgb 'white'\n",
                width, height);
        break;
    }
}

static void put_blocks(const struct layout *layout, FILE *file)
{
    for (size_t i = 0; i < layout->figure->panel_count; i++) {
        fprintf(file, "$panel%zu << EOD\n", i);
        pmt_figure_panel_data(layout, i, file);
        fputs("EOD\n", file);
    }
}

void pmt_figure_script(const struct pmt_figure_drawing *drawing, FILE *file)
{
    struct layout layout;

    if (!pmt_layout_make(&layout, drawing))
        return;
    put_terminal(drawing, file);
    if (drawing->picture_name)
        fprintf(file, "set output '%s'\n", drawing->picture_name);
    if (!drawing->data_name)
        put_blocks(&layout, file);
    fputs("set multiplot\nunset key\n"
          "unset colorbox\nset border 3 lc rgb '#808080'\n"
          "set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'\n"
          "set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'\n",
          file);
    for (size_t i = 0; i < layout.figure->panel_count; i++)
        pmt_figure_draw_panel(&layout, i, file);
    fputs("unset multiplot\n", file);
    pmt_layout_release(&layout);
}
