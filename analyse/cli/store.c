/* store.c: see store.h. */
#include "store.h"

#include <stdio.h>
#include <string.h>

#include "value.h"
#include "xalloc.h"

bool pmt_option_takes_value(const struct pmt_option *option)
{
    return option->arg != NULL;
}

/* The index of the choice that is the first `length` bytes of `name`, or -1
 * with the choices in `why`. */
static int find_choice(const struct pmt_option *option, const char *name,
                       size_t length, char *why, size_t why_size)
{
    size_t used;

    for (int i = 0; option->choices[i]; i++) {
        if (strlen(option->choices[i]) == length &&
            !memcmp(option->choices[i], name, length))
            return i;
    }
    used = (size_t)snprintf(why, why_size, "must be ");
    for (int i = 0; option->choices[i] && used < why_size; i++) {
        const char *between = i == 0                   ? ""
                              : option->choices[i + 1] ? ", "
                                                       : " or ";

        used += (size_t)snprintf(why + used, why_size - used, "%s%s", between,
                                 option->choices[i]);
    }
    return -1;
}

static bool store_choice(const struct pmt_option *option, const char *value,
                         int *field, char *why, size_t why_size)
{
    int found = find_choice(option, value, strlen(value), why, why_size);

    if (found >= 0)
        *field = found;
    return found >= 0;
}

static bool store_set(const struct pmt_option *option, const char *value,
                      uint32_t *field, char *why, size_t why_size)
{
    uint32_t bits = 0;

    for (;;) {
        size_t length = strcspn(value, ",");
        int found = find_choice(option, value, length, why, why_size);

        if (found < 0)
            return false;
        bits |= UINT32_C(1) << found;
        if (!value[length])
            break;
        value += length + 1;
    }
    *field = bits;
    return true;
}

static void append(struct pmt_option_list *list, const char *item)
{
    list->items = pmt_xreallocarray(list->items, list->count + 1,
                                    sizeof *list->items);
    list->items[list->count++] = item;
}

bool pmt_option_store(const struct pmt_option *option, const char *value,
                      bool negated, void *field, char *why, size_t why_size)
{
    int64_t high = option->high ? option->high : INT64_MAX;

    switch (option->kind) {
    case PMT_OPTION_LAST:
    case PMT_OPTION_HEADING:
        break;
    case PMT_OPTION_FLAG:
    case PMT_OPTION_NEGATABLE:
        *(bool *)field = !negated;
        break;
    case PMT_OPTION_COUNT:
        ++*(int *)field;
        break;
    case PMT_OPTION_STRING:
        *(const char **)field = value;
        break;
    case PMT_OPTION_INT:
        return pmt_value_int(value, option->low, high, field, why, why_size);
    case PMT_OPTION_SIZE:
        return pmt_value_size(value, field, why, why_size);
    case PMT_OPTION_DURATION:
        return pmt_value_duration(value, field, why, why_size);
    case PMT_OPTION_CHOICE:
        return store_choice(option, value, field, why, why_size);
    case PMT_OPTION_SET:
        return store_set(option, value, field, why, why_size);
    case PMT_OPTION_LIST:
        append(field, value);
        break;
    case PMT_OPTION_CALLBACK:
        return option->callback(value, field, why, why_size);
    }
    return true;
}
