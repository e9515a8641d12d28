/*
 * choice.c - which events are wanted (choice.h).
 */
#include "choice.h"

#include "filter.h"
#include "modes.h"
#include "table.h"

#define VERDICT_BYTES (((size_t)REC_STACK_LIMIT + 1 + 3) / 4)
#define FILE_MAX 4096

struct rec_choice rec_choice;
uint8_t *rec_file_verdicts;

/* ---- what is asked for ------------------------------------------------------ */

unsigned rec_wanted_domains(void)
{
    unsigned domains = rec_set.domains & 7;

    return domains != 0 ? domains : 7;
}

bool rec_wants_records(void)
{
    return (rec_set.modes & REC_MODE_ALLOC) != 0 ||
           (rec_set.snapshot_records &&
            (rec_set.modes & REC_MODE_SNAPSHOT) != 0);
}

bool rec_wants_tracking(void)
{
    return (rec_set.track && (rec_set.modes & REC_MODE_ALLOC)) ||
           (rec_set.modes & REC_MODE_SNAPSHOT) != 0;
}

bool rec_wants_all_blocks(void)
{
    return rec_set.min_block == 0 && rec_set.max_block == 0 &&
           rec_set.files[0] == '\0' && rec_set.sample_bytes == 0;
}

void rec_choose(void)
{
    rec_choice.min = rec_set.min_block;
    rec_choice.max = rec_set.max_block != 0 ? rec_set.max_block : UINT64_MAX;
    rec_choice.files = rec_set.files[0] != '\0';
    rec_choice.records = rec_wants_records();
}

bool rec_wants_own(uint64_t size)
{
    static const char file[] = "<pmtrace>"; /* as in stacks.c */

    return size >= rec_choice.min && size <= rec_choice.max &&
           rec_globs_match(rec_set.files, file, sizeof file - 1);
}

/* ---- files ---------------------------------------------------------------------- */

static int start(void)
{
    if (rec_set.files[0] == '\0')
        return 0;
    rec_file_verdicts = rec_pages_new(VERDICT_BYTES);
    return rec_file_verdicts != NULL ? 0 : -1;
}

static void stop(void)
{
    if (rec_file_verdicts != NULL)
        rec_pages_free(rec_file_verdicts, VERDICT_BYTES);
    rec_file_verdicts = NULL;
}

static const struct rec_saved state[] = {REC_SAVED(rec_file_verdicts),
                                         {NULL, 0}};

const struct rec_part rec_part_choice = {.start = start, .stop = stop,
                                         .saved = state};

bool rec_file_wanted_slow(const PyThreadState *ts, uint32_t site)
{
    const cpy_frame *f = ts != NULL ? cpy_frame_top(ts) : NULL;
    const PyCodeObject *code;
    char file[FILE_MAX];
    size_t bytes = 0;
    bool wanted;

    while (f != NULL && cpy_frame_is_shim(f))
        f = cpy_frame_previous(f);
    if (f != NULL) {
        code = cpy_frame_code(f);
        if (cpy_code_alive(code))
            bytes = cpy_text(cpy_code_file(code), file, sizeof file);
    }
    wanted = rec_globs_match(rec_set.files, file, bytes);
    if (site != 0)
        __atomic_fetch_or(&rec_file_verdicts[site / 4],
                          (wanted ? REC_FILE_WANTED : REC_FILE_UNWANTED)
                              << site % 4 * 2,
                          __ATOMIC_RELAXED);
    return wanted;
}
