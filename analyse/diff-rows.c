/* diff-rows.c: from groups of one trace to rows that hold for all; see diff.h.
 * A key is a letter, and numbers of texts and sites, which stay when the trace
 * is closed; the number of a key is that of its row. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "names.h"
#include "pmt/error.h"

/* Of names made of several parts, as those of processes. */
#define NAME_SIZE 4096

/* Room for one more of `size` bytes; NULL: no memory, noted. */
static void *make_room(struct pmt_diff *diff, void *items, size_t count,
                       size_t *capacity, size_t size)
{
    size_t more = *capacity * 2 + 64;

    if (count < *capacity)
        return items;
    items = realloc(items, more * size);
    if (!items)
        diff->no_memory = true;
    else
        *capacity = more;
    return items;
}

#define MAKE_ROOM(diff, items, count, capacity)                               \
    do {                                                                      \
        void *grown =                                                         \
            make_room(diff, items, count, &(capacity), sizeof *(items));      \
        if (grown)                                                            \
            (items) = grown;                                                  \
    } while (0)

/* ---- texts ------------------------------------------------------------- */

static uint32_t add_bytes(struct pmt_diff *diff, const void *bytes,
                          size_t length)
{
    uint32_t number = pmt_intern_add(&diff->texts, bytes, length);

    diff->no_memory |= number == PMT_INTERN_NONE;
    return number;
}

static uint32_t add_text(struct pmt_diff *diff, struct pmt_text text)
{
    return text.bytes ? add_bytes(diff, text.bytes, text.length)
                      : PMT_INTERN_NONE;
}

/* Is the path what the map names, or below it? */
static bool map_fits(const struct pmt_diff_map *map, struct pmt_text path)
{
    return path.length >= map->from_length &&
           memcmp(path.bytes, map->from, map->from_length) == 0 &&
           (path.length == map->from_length ||
            path.bytes[map->from_length] == '/' ||
            map->from[map->from_length - 1] == '/');
}

/* The first map that fits is taken. */
static uint32_t add_path(struct pmt_diff *diff, struct pmt_text path)
{
    for (size_t i = 0; path.bytes && i < diff->map_count; i++) {
        struct pmt_diff_map *map = &diff->maps[i];
        uint32_t number = PMT_INTERN_NONE;
        size_t rest;
        char *mapped;

        map->tried = true;
        if (!map_fits(map, path))
            continue;
        map->fitted = true;
        rest = path.length - map->from_length;
        mapped = malloc(map->to_length + rest + 1);
        if (mapped) {
            memcpy(mapped, map->to, map->to_length);
            memcpy(mapped + map->to_length, path.bytes + map->from_length,
                   rest);
            number = add_bytes(diff, mapped, map->to_length + rest);
        }
        diff->no_memory |= !mapped;
        free(mapped);
        return number;
    }
    return add_text(diff, path);
}

struct pmt_text pmt_diff_text(const struct pmt_diff *diff, uint32_t text)
{
    struct pmt_text out = {NULL, 0};
    size_t length;

    if (text == PMT_INTERN_NONE)
        return out;
    out.bytes = pmt_intern_bytes(&diff->texts, text, &length);
    out.length = (uint32_t)length;
    return out;
}

/* ---- sites ------------------------------------------------------------- */

/* A number for a site; what a key leaves out of it is NONE or 0. */
static uint32_t add_site(struct pmt_diff *diff, uint32_t file,
                         uint32_t function, uint32_t line)
{
    uint32_t parts[3] = {file, function, line};
    uint32_t count = diff->sites.count, number;

    MAKE_ROOM(diff, diff->site_parts, count, diff->site_capacity);
    if (diff->no_memory)
        return PMT_INTERN_NONE;
    number = pmt_intern_add(&diff->sites, parts, sizeof parts);
    if (number == PMT_INTERN_NONE)
        diff->no_memory = true;
    else if (number == count)
        diff->site_parts[number] = (struct pmt_diff_site){
            .file = file, .function = function, .line = line};
    return number;
}

/* The site of a stack; of one that is not known one of no file. */
static uint32_t site_of(struct pmt_diff *diff, const struct pmt_stream *stream,
                        uint32_t stack, struct pmt_site *site)
{
    enum pmt_group_by by = diff->by;
    struct pmt_code code;
    bool function, line;

    memset(site, 0, sizeof *site);
    if (!pmt_stream_site(stream, stack, site) ||
        !pmt_stream_code(stream, site->code, &code))
        return add_site(diff, PMT_INTERN_NONE, PMT_INTERN_NONE, 0);
    function = by == PMT_BY_SITE || by == PMT_BY_STACK ||
               by == PMT_BY_FUNCTION;
    line = by != PMT_BY_FILE && by != PMT_BY_FUNCTION;
    return add_site(diff, add_path(diff, code.file),
                    function ? add_text(diff, code.function)
                             : PMT_INTERN_NONE,
                    line ? site->line : 0);
}

/* Several functions of one name have several first lines. */
static void note_first_line(struct pmt_diff_site *site, unsigned side,
                            uint32_t line)
{
    uint32_t *first = &site->first_line[side];

    site->many |= *first && *first != line;
    *first = line;
}

int pmt_diff_add_sites(struct pmt_diff *diff, enum pmt_diff_side side,
                       const struct pmt_stream *stream)
{
    uint32_t count = pmt_stream_table_size(stream, PMT_KIND_STACKS);
    struct pmt_site site;
    struct pmt_code code;

    for (uint32_t id = 1; id < count && !diff->no_memory; id++) {
        uint32_t number;

        if (!pmt_stream_site(stream, id, &site) ||
            !pmt_stream_code(stream, site.code, &code))
            continue;
        number = site_of(diff, stream, id, &site);
        if (number == PMT_INTERN_NONE)
            break;
        diff->site_parts[number].sides |= (uint8_t)(1u << side);
        note_first_line(&diff->site_parts[number], side, code.first_line);
    }
    return diff->no_memory ? PMT_ERR_MEMORY : PMT_OK;
}

const struct pmt_diff_site *pmt_diff_frame(const struct pmt_diff *diff,
                                           const struct pmt_diff_row *row,
                                           uint32_t i)
{
    return &diff->site_parts[diff->frames[row->frame_at + i]];
}

/* ---- rows -------------------------------------------------------------- */

/* The row of a key: a letter and `count` numbers. */
static uint32_t row_of(struct pmt_diff *diff, char letter,
                       const uint32_t *numbers, size_t count,
                       const struct pmt_diff_row *fresh)
{
    size_t length = 1 + count * sizeof *numbers;
    uint32_t row;

    MAKE_ROOM(diff, diff->rows, diff->row_count, diff->row_capacity);
    for (size_t i = diff->key_capacity; i < length && !diff->no_memory;
         i = diff->key_capacity)
        MAKE_ROOM(diff, diff->key, i, diff->key_capacity);
    if (diff->no_memory)
        return PMT_INTERN_NONE;
    diff->key[0] = (unsigned char)letter;
    if (count > 0)
        memcpy(diff->key + 1, numbers, count * sizeof *numbers);
    row = pmt_intern_add(&diff->keys, diff->key, length);
    if (row == PMT_INTERN_NONE)
        diff->no_memory = true;
    else if (row == diff->row_count)
        diff->rows[diff->row_count++] = *fresh;
    return row;
}

static uint32_t row_of_name(struct pmt_diff *diff, uint32_t name,
                            uint32_t unit)
{
    uint32_t numbers[2] = {name, unit};

    return row_of(diff, 'N', numbers, 2,
                  &(struct pmt_diff_row){.name = name, .unit = unit});
}

/* Of the frames from `at` on; they stay only when the row is new. */
static uint32_t row_of_frames(struct pmt_diff *diff, char letter, size_t at)
{
    size_t rows = diff->row_count, count = diff->frame_count - at;
    uint32_t row = row_of(diff, letter, diff->frames + at, count,
                          &(struct pmt_diff_row){
                              .name = PMT_INTERN_NONE,
                              .unit = PMT_INTERN_NONE,
                              .frame_at = (uint32_t)at,
                              .frame_count = (uint32_t)count});

    if (diff->row_count == rows)
        diff->frame_count = at;
    return row;
}

static void add_frame(struct pmt_diff *diff, uint32_t site)
{
    MAKE_ROOM(diff, diff->frames, diff->frame_count, diff->frame_capacity);
    if (!diff->no_memory)
        diff->frames[diff->frame_count++] = site;
}

uint32_t pmt_diff_site_row(struct pmt_diff *diff, uint32_t site, bool apart)
{
    size_t at = diff->frame_count;
    uint32_t row = PMT_INTERN_NONE;

    add_frame(diff, site);
    if (!diff->no_memory)
        row = row_of_frames(diff, apart ? 'A' : 'F', at);
    if (row != PMT_INTERN_NONE)
        diff->rows[row].apart = apart;
    return row;
}

/* A parent's id is smaller, so the walk ends. */
static uint32_t row_of_stack(struct pmt_diff *diff,
                             const struct pmt_stream *stream, uint32_t id)
{
    bool all = diff->by == PMT_BY_STACK || diff->by == PMT_BY_TRACEBACK;
    size_t at = diff->frame_count;
    struct pmt_site site;

    while (id && !diff->no_memory) {
        add_frame(diff, site_of(diff, stream, id, &site));
        id = all && site.parent < id ? site.parent : 0;
    }
    return diff->no_memory ? PMT_INTERN_NONE : row_of_frames(diff, 'F', at);
}

/* ---- names of what is no site ------------------------------------------ */

static size_t put(char *buffer, size_t used, struct pmt_text text)
{
    size_t room = NAME_SIZE - used;
    size_t length = text.length < room ? text.length : room;

    if (text.bytes && length)
        memcpy(buffer + used, text.bytes, length);
    return text.bytes ? used + length : used;
}

/* The program without its pid: "python3 app.py". */
static uint32_t process_of(struct pmt_diff *diff,
                           const struct pmt_stream *stream)
{
    const struct pmt_stream_header *header = pmt_stream_header(stream);
    const struct pmt_text space = {" ", 1};
    char name[NAME_SIZE];
    size_t used = 0;

    for (size_t i = 0; header->argv && i < header->argc; i++) {
        used = i ? put(name, used, space) : 0;
        used = put(name, used, header->argv[i]);
    }
    if (!used)
        used = put(name, 0, header->executable);
    if (!used)
        used = put(name, 0, (struct pmt_text){"(unknown program)", 17});
    return add_bytes(diff, name, used);
}

static uint32_t thread_of(struct pmt_diff *diff,
                          const struct pmt_group *group)
{
    struct pmt_thread thread;
    char name[PMT_NAME_SIZE];

    if (group->id && pmt_stream_thread(group->stream, group->id, &thread)) {
        if (thread.name.length > 0)
            return add_text(diff, thread.name);
        return add_bytes(diff, "(thread without a name)", 23);
    }
    pmt_name_thread(name, sizeof name, group->stream, group->id);
    return add_bytes(diff, name, strlen(name));
}

static uint32_t name_of(struct pmt_diff *diff,
                        const struct pmt_grouping *grouping,
                        const struct pmt_group *group)
{
    enum pmt_group_by by = diff->by;
    struct pmt_type type;
    char name[NAME_SIZE];

    if (by == PMT_BY_TYPE && group->id &&
        pmt_stream_type(group->stream, group->id, &type) && type.name.bytes)
        return add_text(diff, type.name);
    if (by == PMT_BY_THREAD && !diff->same)
        return thread_of(diff, group);
    if ((by == PMT_BY_STREAM || by == PMT_BY_PROCESS) && !diff->same)
        return process_of(diff, group->stream);
    pmt_group_name(name, sizeof name, grouping, group);
    return add_bytes(diff, name, strlen(name));
}

bool pmt_diff_by_frames(enum pmt_group_by by)
{
    return by == PMT_BY_SITE || by == PMT_BY_FILE || by == PMT_BY_FUNCTION ||
           by == PMT_BY_STACK || by == PMT_BY_LINENO ||
           by == PMT_BY_TRACEBACK;
}

static uint32_t row_of_group(struct pmt_diff *diff,
                             const struct pmt_grouping *grouping,
                             const struct pmt_group *group)
{
    uint32_t name;

    if (pmt_diff_by_frames(diff->by) && group->id)
        return row_of_stack(diff, group->stream, group->id);
    name = name_of(diff, grouping, group);
    return diff->no_memory ? PMT_INTERN_NONE
                           : row_of_name(diff, name, PMT_INTERN_NONE);
}

/* ---- cells ------------------------------------------------------------- */

static struct pmt_diff_cell *add_cell(struct pmt_diff *diff,
                                      enum pmt_diff_side side, size_t run,
                                      uint32_t row)
{
    struct pmt_diff_cell *cell;

    if (row == PMT_INTERN_NONE)
        return NULL;
    MAKE_ROOM(diff, diff->cells, diff->cell_count, diff->cell_capacity);
    if (diff->no_memory)
        return NULL;
    cell = &diff->cells[diff->cell_count++];
    *cell = (struct pmt_diff_cell){
        .row = row,
        .run = (uint32_t)(run + (side == PMT_DIFF_B ? diff->runs[0] : 0)),
    };
    return cell;
}

static struct pmt_diff_cell *add_residue(struct pmt_diff *diff,
                                         enum pmt_diff_side side, size_t run,
                                         uint32_t row)
{
    struct pmt_diff_cell *cell;

    (void)run;
    if (row == PMT_INTERN_NONE)
        return NULL;
    MAKE_ROOM(diff, diff->residues[side], diff->residue_count[side],
              diff->residue_capacity[side]);
    if (diff->no_memory)
        return NULL;
    cell = &diff->residues[side][diff->residue_count[side]++];
    *cell = (struct pmt_diff_cell){.row = row};
    return cell;
}

static int fill_cell(struct pmt_diff_cell *cell,
                     const struct pmt_grouping *grouping, uint32_t number)
{
    const struct pmt_group *group = &grouping->groups[number];

    cell->count = group->count;
    cell->bytes = group->bytes;
    cell->sampled = group->samples > 0;
    if (!cell->sampled)
        return PMT_OK;
    return pmt_grouping_range(grouping, &number, 1, false, &cell->blocks_95,
                              &cell->bytes_95);
}

/* The sum of all: groups of a cumulative grouping have blocks in common. */
static int add_total(struct pmt_diff *diff, enum pmt_diff_side side,
                     size_t run, const struct pmt_grouping *grouping)
{
    struct pmt_diff_cell *cell = add_cell(diff, side, run, 0);

    if (!cell)
        return PMT_ERR_MEMORY;
    cell->row = PMT_DIFF_ALL;
    cell->count = grouping->total.count;
    cell->bytes = grouping->total.bytes;
    return PMT_OK;
}

/* What each group becomes is put by `store`. */
typedef struct pmt_diff_cell *cell_store(struct pmt_diff *diff,
                                         enum pmt_diff_side side, size_t run,
                                         uint32_t row);

static int add_groups(struct pmt_diff *diff, enum pmt_diff_side side,
                      size_t run, struct pmt_grouping *grouping,
                      cell_store *store)
{
    size_t count;
    uint32_t *order = pmt_grouping_sorted(grouping, PMT_SORT_BYTES, &count);
    int code = order ? PMT_OK : PMT_ERR_MEMORY;

    for (size_t i = 0; code == PMT_OK && i < count; i++) {
        uint32_t row = row_of_group(diff, grouping,
                                    &grouping->groups[order[i]]);
        struct pmt_diff_cell *cell = store(diff, side, run, row);

        code = cell ? fill_cell(cell, grouping, order[i]) : PMT_ERR_MEMORY;
    }
    if (code == PMT_OK && (store == add_residue || !diff->residue))
        code = pmt_diff_spread_all(diff, side, grouping, order, count);
    if (code == PMT_OK && store == add_cell)
        code = add_total(diff, side, run, grouping);
    free(order);
    diff->no_memory |= code != PMT_OK;
    return code;
}

int pmt_diff_add_grouping(struct pmt_diff *diff, enum pmt_diff_side side,
                          size_t run, struct pmt_grouping *grouping)
{
    return add_groups(diff, side, run, grouping, add_cell);
}

int pmt_diff_add_residue(struct pmt_diff *diff, enum pmt_diff_side side,
                         struct pmt_grouping *grouping)
{
    return add_groups(diff, side, 0, grouping, add_residue);
}

int pmt_diff_add_figure(struct pmt_diff *diff, enum pmt_diff_side side,
                        size_t run, struct pmt_text name,
                        struct pmt_text unit, int64_t value)
{
    uint32_t text = add_text(diff, name), in = add_text(diff, unit), row;
    struct pmt_diff_cell *cell;

    if (diff->no_memory)
        return PMT_ERR_MEMORY;
    row = row_of_name(diff, text, in);
    cell = add_cell(diff, side, run, row);
    if (!cell)
        return PMT_ERR_MEMORY;
    cell->bytes = (uint64_t)value;
    return PMT_OK;
}

void pmt_diff_release(struct pmt_diff *diff)
{
    pmt_intern_release(&diff->texts);
    pmt_intern_release(&diff->sites);
    pmt_intern_release(&diff->keys);
    free(diff->site_parts);
    free(diff->frames);
    free(diff->cells);
    free(diff->residues[PMT_DIFF_A]);
    free(diff->residues[PMT_DIFF_B]);
    free(diff->rows);
    free(diff->order);
    free(diff->matrix);
    free(diff->key);
    memset(diff, 0, sizeof *diff);
}
