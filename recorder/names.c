/*
 * names.c - what ids mean (names.h).
 */
#include "names.h"

#include "choice.h"

/* All guarded by rec_lock. */
static struct rec_rows codes, stacks, types;
static struct rec_texts texts;

bool rec_names_stacks(void)
{
    return rec_wants_tracking();
}

bool rec_names_types(void)
{
    return rec_set.count_types != 0;
}

static int start(void)
{
    codes.row_bytes = sizeof(struct rec_code_name);
    stacks.row_bytes = sizeof(struct rec_stack_name);
    types.row_bytes = sizeof(struct rec_type_name);
    return 0;
}

static void stop(void)
{
    rec_rows_release(&codes);
    rec_rows_release(&stacks);
    rec_rows_release(&types);
    rec_texts_release(&texts);
}

static const struct rec_saved state[] = {REC_SAVED(codes), REC_SAVED(stacks),
                                         REC_SAVED(types), REC_SAVED(texts),
                                         {NULL, 0}};

const struct rec_part rec_part_names = {.start = start, .stop = stop,
                                        .saved = state};

void rec_name_code(uint32_t id, const char *file, size_t file_bytes,
                   const char *function, size_t function_bytes)
{
    struct rec_code_name *row;
    const char *copy;

    if (!rec_names_stacks())
        return;
    copy = rec_texts_keep(&texts, file, file_bytes);
    row = copy != NULL ? rec_rows_make(&codes, id) : NULL;
    if (row == NULL)
        return;
    row->file = copy;
    row->file_bytes = (uint32_t)file_bytes;
    row->function = rec_texts_keep(&texts, function, function_bytes);
    if (row->function != NULL)
        row->function_bytes = (uint32_t)function_bytes;
}

void rec_name_stack(uint32_t id, uint32_t parent, uint32_t code,
                    uint32_t line)
{
    struct rec_stack_name *row;

    if (!rec_names_stacks())
        return;
    row = rec_rows_make(&stacks, id);
    if (row != NULL)
        *row = (struct rec_stack_name){parent, code, line};
}

void rec_name_type(uint32_t id, const char *name, size_t bytes)
{
    struct rec_type_name *row;

    if (!rec_names_types())
        return;
    row = rec_rows_make(&types, id);
    if (row == NULL)
        return;
    row->name = rec_texts_keep(&texts, name, bytes);
    if (row->name != NULL)
        row->bytes = (uint32_t)bytes;
}

const struct rec_code_name *rec_code_name(uint32_t id)
{
    const struct rec_code_name *row = rec_rows_at(&codes, id);

    return row != NULL && row->file != NULL ? row : NULL;
}

const struct rec_stack_name *rec_stack_name(uint32_t id)
{
    const struct rec_stack_name *row = rec_rows_at(&stacks, id);

    return row != NULL && row->code != 0 ? row : NULL;
}

struct rec_type_name *rec_type_name(uint32_t id)
{
    struct rec_type_name *row = id != 0 ? rec_rows_at(&types, id) : NULL;

    return row;
}
