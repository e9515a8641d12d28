/*
 * replay.c - runs a fuzz target on files, with any compiler.
 *
 *     replay-TARGET FILE-OR-FOLDER...
 *
 * Folders are gone through with all that is in them. Each input is run as it
 * is, and changed by the target's own mutator some times, with a generator
 * whose seed is fixed. Prints what was run; a finding ends the program.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX (1u << 20)
#define CHANGES 8

static unsigned long files, runs;

#pragma weak LLVMFuzzerCustomMutator
#pragma weak fuzz_changes

/* One byte is changed, in place of all that libFuzzer does. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room)
{
    static uint32_t state = 1;

    (void)room;
    state = state * 1664525u + 1013904223u;
    if (size) {
        data[(state >> 8) % size] ^= (uint8_t)(1u << (state >> 28 & 7));
    }
    return size;
}

static void run_changed(const uint8_t *data, size_t size)
{
    size_t room = size + 4096;
    uint8_t *copy = malloc(room);
    unsigned changes = &fuzz_changes ? fuzz_changes : CHANGES;

    if (!copy) {
        return;
    }
    for (unsigned i = 0; i < changes; i++) {
        size_t n;

        memcpy(copy, data, size);
        n = LLVMFuzzerCustomMutator(copy, size, room, 977 * i + 1);
        LLVMFuzzerTestOneInput(copy, n);
        runs++;
    }
    free(copy);
}

static int run_file(const char *path)
{
    static uint8_t input[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    uint8_t *exact;
    size_t n;

    if (!file) {
        perror(path);
        return 1;
    }
    n = fread(input, 1, sizeof input, file);
    fclose(file);
    /* A block of its own, so that a sanitizer sees its end. */
    exact = malloc(n ? n : 1);
    if (!exact) {
        return 1;
    }
    memcpy(exact, input, n);
    LLVMFuzzerTestOneInput(exact, n);
    files++;
    runs++;
    if (LLVMFuzzerCustomMutator) {
        run_changed(exact, n);
    }
    free(exact);
    return 0;
}

static int run_path(const char *path)
{
    struct stat st;
    struct dirent **names;
    int failed = 0;
    int count;

    if (stat(path, &st) < 0) {
        perror(path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode)) {
        return run_file(path);
    }
    count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *inner = NULL;

        if (names[i]->d_name[0] != '.' &&
            asprintf(&inner, "%s/%s", path, names[i]->d_name) >= 0) {
            failed |= run_path(inner);
            free(inner);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return failed || count < 0;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;

    for (int i = 1; i < argc; i++) {
        failed |= run_path(argv[i]);
    }
    printf("%lu files, %lu runs\n", files, runs);
    return failed || !files;
}
