/*
 * rehearsal.h -- doing something for real, and leaving nothing of it: what a thread does in databases between begin and end is
 * seen by itself alone, and rolled back at the end.
 *
 * While it rehearses, a thread has one connection to each database, with one transaction; pools of one database that differ
 * in their role share it, so what one of them wrote the other sees. Transactions within are savepoints. Rows that it changes
 * are locked until the end, so a rehearsal must not wait for anything else. What other threads do for it is real, and so is what
 * is not in a database.
 *
 * Threads  a rehearsal belongs to the thread that began it.
 */
#ifndef DB_REHEARSAL_H
#define DB_REHEARSAL_H

#include "base/err.h"

/* From now on; not while one is going on. */
void db_rehearsal_begin(void);
/* Rolls all back. No connection may be held. */
void db_rehearsal_end(void);
/* Ends it and keeps all, each database in one transaction, the one that was used first last. Not to be done after something
 * outside of a transaction failed (ERR_INTERNAL: nothing of that database is kept). ERR_UNKNOWN: a connection was lost
 * meanwhile. */
MUST_CHECK bool db_rehearsal_keep(struct err *err);
/* For who keeps in memory what he read: of a rehearsal nothing may be kept. */
bool db_is_rehearsing(void);

#endif
