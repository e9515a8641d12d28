/*
 * preload.c - an LD_PRELOAD library that writes down every call of the C
 * library's allocator, in the order in which they end (free: begins), and
 * puts them into the file PRELOAD_LOG at exit:
 *
 *     malloc SIZE BLOCK | calloc COUNT SIZE BLOCK | realloc OLD SIZE BLOCK |
 *     memalign ALIGN SIZE BLOCK | free BLOCK
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS (1 << 20)

struct row {
    uint8_t what; /* 0: not written yet */
    uint64_t a, b, c;
};
static struct row rows[ROWS];
static atomic_uint used;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* dlsym() itself allocates: the first calls go by other names. */
#define REAL(name, first)                                                     \
    static __typeof__(&name) real;                                            \
    static int asked;                                                         \
    if (!real && !asked) {                                                    \
        asked = 1;                                                            \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                    \
    }                                                                         \
    __typeof__(&name) f = real ? real : first;

static void note(uint8_t what, uint64_t a, uint64_t b, uint64_t c)
{
    unsigned i = atomic_fetch_add(&used, 1);

    if (i < ROWS)
        rows[i] = (struct row){what, a, b, c};
}

void *malloc(size_t n)
{
    REAL(malloc, __libc_malloc)
    void *p = f(n);

    note('m', n, (uintptr_t)p, 0);
    return p;
}

void *calloc(size_t n, size_t size)
{
    REAL(calloc, __libc_calloc)
    void *p = f(n, size);

    note('c', n, size, (uintptr_t)p);
    return p;
}

void *realloc(void *old, size_t n)
{
    REAL(realloc, __libc_realloc)
    uintptr_t was = (uintptr_t)old;
    void *p = f(old, n);

    note('r', was, n, (uintptr_t)p);
    return p;
}

void *aligned_alloc(size_t align, size_t n)
{
    REAL(aligned_alloc, __libc_memalign)
    void *p = f(align, n);

    note('a', align, n, (uintptr_t)p);
    return p;
}

int posix_memalign(void **where, size_t align, size_t n)
{
    static int (*real)(void **, size_t, size_t);
    int rc;

    if (!real)
        real = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT,
                                                       "posix_memalign");
    rc = real(where, align, n);
    note('a', align, n, rc ? 0 : (uintptr_t)*where);
    return rc;
}

void free(void *p)
{
    REAL(free, __libc_free)

    note('f', (uintptr_t)p, 0, 0);
    f(p);
}

__attribute__((destructor)) static void write_log(void)
{
    const char *path = getenv("PRELOAD_LOG");
    unsigned n = atomic_load(&used);
    FILE *file = path ? fopen(path, "w") : NULL;

    for (unsigned i = 0; file && i < n && i < ROWS; i++) {
        const struct row *r = &rows[i];

        switch (r->what) {
        case 'm':
            fprintf(file, "malloc %lu 0x%lx\n", r->a, r->b);
            break;
        case 'c':
            fprintf(file, "calloc %lu %lu 0x%lx\n", r->a, r->b, r->c);
            break;
        case 'r':
            fprintf(file, "realloc 0x%lx %lu 0x%lx\n", r->a, r->b, r->c);
            break;
        case 'a':
            fprintf(file, "memalign %lu %lu 0x%lx\n", r->a, r->b, r->c);
            break;
        case 'f':
            fprintf(file, "free 0x%lx\n", r->a);
            break;
        }
    }
    if (file)
        fclose(file);
}
