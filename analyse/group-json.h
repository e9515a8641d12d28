/*
 * group-json.h: what a group is, as keys of a JSON object.
 *
 * Threads: one at a time.
 */
#ifndef PMT_GROUP_JSON_H
#define PMT_GROUP_JSON_H

#include "cli/json.h"
#include "group.h"

/* The keys of a group `by`: "type" and its sizes, "file" and "line", ...; null
 * where it is not known. */
void pmt_group_json(struct pmt_json *json, enum pmt_group_by by,
                    const struct pmt_group *group);

/* "stack": [{"file":, "line":, "function":}, ...] of a group by frames: the
 * innermost first, all of them. */
void pmt_group_json_stack(struct pmt_json *json,
                          const struct pmt_group *group);

#endif
