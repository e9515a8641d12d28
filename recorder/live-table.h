/*
 * live-table.h - the blocks that are live, by address: what the program
 * holds, or of it what was recorded, kept in this process.
 *
 * Any thread, with or without the GIL. Each shard has a lock of its own that
 * is held for some ten instructions, for longer only while the shard grows or
 * is copied; nothing is called under it that could wait for another thread.
 * Memory comes from rec_pages_new(). A forked child must not call anything
 * here but rec_live_start().
 *
 */
#ifndef REC_LIVE_TABLE_H
#define REC_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most blocks that are kept; about, since a shard may be full earlier. */
#define REC_LIVE_LIMIT (UINT64_C(48) << 20)

struct rec_live_block {
    uint64_t address;
    uint64_t size;     /* bytes, as asked for */
    uint32_t stack;    /* id or 0 */
    uint32_t thread;   /* id or 0 */
    uint32_t domain;   /* enum pmt_domain */
    bool forgotten;    /* rec_live_clear() was called since: in no figure */
};

struct rec_live_place;

struct rec_live_shard {
    uint32_t lock;       /* atomic */
    uint32_t used;       /* atomic for rec_live_count() */
    uint32_t bits;       /* log2 of the number of places; 0: none yet */
    struct rec_live_place *places;
} __attribute__((aligned(64)));

#define REC_LIVE_SHARD_BITS 6
#define REC_LIVE_BITS_LOG 16
#define REC_LIVE_NEAR_LOG 13

/* A table; static storage, zeroed. */
struct rec_live {
    /* See rec_live_near() and rec_live_maybe(). */
    uint8_t near[1u << REC_LIVE_NEAR_LOG];
    uint64_t bits[(1u << REC_LIVE_BITS_LOG) / 64];
    uint32_t *on_bit;    /* blocks on each bit */
    uint32_t bits_lock;  /* of on_bit; taken last */
    bool use_bits, keep_cleared;
    uint64_t bytes_now, bytes_peak; /* atomic */
    struct rec_live_shard shards[1u << REC_LIVE_SHARD_BITS];
};

/*
 * Makes a table empty and ready. `filtered`: few blocks will be in it, and
 * rec_live_maybe() is to be used; else it must not be. `keep`:
 * rec_live_clear() keeps the blocks, marked. 0, or -1 without memory.
 */
int rec_live_start(struct rec_live *live, bool filtered, bool keep);

/* Frees all; nobody is in the functions here. */
void rec_live_stop(struct rec_live *live);

/* Adds a block. One at the same address is replaced. False: there is no room
 * for it; nothing is at the address then. */
bool rec_live_add(struct rec_live *live, const struct rec_live_block *block);

/* Takes the block at `address` out; false when there is none. `block` gets
 * it. */
bool rec_live_take(struct rec_live *live, const void *address,
                   struct rec_live_block *block);

/* The same without taking it out. */
bool rec_live_get(struct rec_live *live, const void *address,
                  struct rec_live_block *block);

/* Forgets all blocks, or marks them forgotten; the figures become 0. */
void rec_live_clear(struct rec_live *live);

/* Bytes of the blocks that are live and not forgotten, now and at most since
 * the start or the last rec_live_reset_peak(). */
void rec_live_figures(const struct rec_live *live, uint64_t *now,
                      uint64_t *peak);
void rec_live_reset_peak(struct rec_live *live);

/* Blocks in the table, forgotten ones too. */
uint64_t rec_live_count(const struct rec_live *live);

/*
 * Calls `visit` for each block that is live, in no order and with no lock
 * held. What comes and goes meanwhile may or may not be among them; what
 * stays is there once. 0, or -1 without memory, where some were visited.
 */
int rec_live_visit(struct rec_live *live,
                   void (*visit)(void *arg,
                                 const struct rec_live_block *block),
                   void *arg);

/*
 * A quick no: false when no block is at this address. For `filtered` only.
 * There is a bit for each 16 bytes of a megabyte, onto which all addresses
 * are folded.
 */
static inline uint32_t rec_live_bit(const void *address)
{
    return (uint32_t)((uintptr_t)address >> 4) &
           ((1u << REC_LIVE_BITS_LOG) - 1);
}

static inline bool rec_live_maybe(const struct rec_live *live,
                                  const void *address)
{
    uint32_t bit = rec_live_bit(address);

    return __atomic_load_n(&live->bits[bit / 64], __ATOMIC_RELAXED) >>
               (bit % 64) & 1;
}

/*
 * A rougher and quicker one, for where few blocks are in the table: a byte
 * for each 16 bytes of 128 KiB. They are few enough to stay in a processor's
 * first cache.
 */
static inline bool rec_live_near(const struct rec_live *live,
                                 const void *address)
{
    const uint8_t *byte = &live->near[(uintptr_t)address >> 4 &
                                      ((1u << REC_LIVE_NEAR_LOG) - 1)];
#if defined(__x86_64__)
    bool is_set;

    __asm__ __volatile__("cmpb $0, %1" : "=@ccne"(is_set) : "m"(*byte)
                         : "cc");
    return is_set;
#else
    return __atomic_load_n(byte, __ATOMIC_RELAXED) != 0;
#endif
}

#endif
