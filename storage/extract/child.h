/*
 * child.h -- one document in a process of its own, which can do nothing but compute.
 *
 * The child is forked, closes all descriptors and lives under seccomp: memory, locks, the clock and its own end are all that it may
 * ask the kernel for; files, sockets, other processes and programs are refused. What it finds lies in memory that it shares
 * with us, so that text found before it was killed is not lost. Address space and processor time are limited by the kernel, the time by us.
 *
 * The calling process has to be allowed to fork, and must have called extract_prepare().
 *
 * Threads  any; each call has a child of its own.
 */
#ifndef EXTRACT_CHILD_H
#define EXTRACT_CHILD_H

#include "base/buf.h"
#include "extract/extract.h"

struct extract_budget {
    unsigned time_s;     /* by the clock, and of the processor */
    size_t memory_bytes; /* beside what the process has when it begins */
};

/* Adds the text, valid UTF-8 without NUL, at most EXTRACT_TEXT_MAX bytes. *signal_out: what the child died of; 0. */
enum extract_verdict extract_in_child(enum extract_kind kind, struct span bytes,
                                      const struct extract_budget *budget, struct buf *text, int *signal_out);

#endif
