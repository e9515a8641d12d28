/*
 * figure-style.h: how all figures look: sizes, colours, fonts. The one place
 * to change the looks; nothing but figure-*.c includes it.
 */
#ifndef PMT_FIGURE_STYLE_H
#define PMT_FIGURE_STYLE_H

/* Pixels of the picture. */
enum {
    STYLE_LEFT = 80,       /* room of the y axis and its label */
    STYLE_RIGHT = 24,
    STYLE_TITLE = 52,      /* title and subtitle */
    STYLE_SUBTITLE = 16,   /* each more line of it */
    STYLE_GAP = 26,        /* between panels with one time axis */
    STYLE_AXIS = 50,       /* tics and title of an x axis */
    STYLE_PANEL_TITLE = 18,
    STYLE_REMARK = 15,     /* below a panel's title */
    STYLE_LINE = 17,       /* of the legend */
    STYLE_NOTE = 18,       /* of the line at the foot */
    STYLE_MARK_LINE = 15,
    STYLE_WALL_TIC = 90,   /* between times of day, at least */
    STYLE_TIC = 28,        /* between tics of a y axis, at least */
    STYLE_CHARACTER = 7,   /* a wide guess of a character's width */
    STYLE_ROW_LEAST = 12   /* of a bar or strip, that its name can be read */
};

#define STYLE_BOLD 7.6       /* a character of a panel's title */
#define STYLE_SMALL 6.9      /* of a name in the legend or beside a strip */
#define STYLE_LABEL 6.2      /* of an axis: plain letters */
#define STYLE_HEAT_REACH 1e4 /* shades are by logarithm, down to 1 part */

#define STYLE_MARKS_MANY 30 /* of more marks lines are so many pixels apart */
#define STYLE_MARK_APART 12
#define STYLE_MARK_ROWS 3u /* rows of labels of marks */
#define STYLE_MARK_TEXT 32 /* columns of a mark's label */
#define STYLE_LEGEND_NAME 24u /* columns of a name in the legend, at least */
#define STYLE_LEGEND_MOST 40u /* the same where it has three columns */
#define STYLE_NAMES 0.38   /* of the width, at most, names of bars take */

/* Paul Tol's "muted" and then "light" (SRON technical note 18-002): to be
 * told apart by the colour-blind too, in this order. */
static const char *const style_colours[] = {
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77",
    "#cc6677", "#882255", "#aa4499", "#77aadd", "#99ddff", "#bbcc33",
    "#aaaa00", "#eedd88", "#ee8866", "#ffaabb", "#44bb99",
};
#define STYLE_GREY "#bbbbbb"
#define STYLE_RED "#bb4433"   /* beside STYLE_GREEN: of another lightness */
#define STYLE_GREEN "#44aa99"
#define STYLE_DARK "#333333"
#define STYLE_PALE_TEXT "#555555"

/* Strips: white, and from light to dark blue. */
#define STYLE_HEAT                                                            \
    "(0 '#f7f9fc', 0.15 '#cfdfee', 0.4 '#7fb0d3', 0.7 '#33699f', 1 "          \
    "'#142f5c')"

#endif
