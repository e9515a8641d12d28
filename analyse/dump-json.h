/*
 * dump-json.h: between dump-json.c and dump-json-records.c; nobody else's.
 */
#ifndef PMT_DUMP_JSON_H
#define PMT_DUMP_JSON_H

#include "dump.h"

/* "{", the kind and the key of the event's stream. */
void pmt_dump_json_begin(struct pmt_dump *d, const struct pmt_event *event,
                         const char *kind);
/* A text, or null when it is not known. */
void pmt_dump_json_text(struct pmt_json *j, const char *key,
                        struct pmt_text text);
/* A number, or null when it is not there. */
void pmt_dump_json_optional(struct pmt_json *j, const char *key, bool there,
                            uint64_t value);

/* The lines of a chunk of records or anchors. */
void pmt_dump_json_records(struct pmt_dump *d, const struct pmt_event *event);

#endif
