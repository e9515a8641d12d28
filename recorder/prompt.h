/*
 * prompt.h - a thread that sleeps most of the time and is to run at once when
 * it wakes. Knows nothing of Python.
 */
#ifndef REC_PROMPT_H
#define REC_PROMPT_H

/* Asks for short slices of processor time for the calling thread, which begin
 * sooner when others want it too. Needs no rights (Linux 6.12); nothing where
 * the system has no such thing, or the thread another policy. What is forked
 * or started from here on takes it over. */
void rec_be_prompt(void);

#endif
