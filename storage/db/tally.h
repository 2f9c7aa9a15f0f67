/*
 * tally.h -- which statements a thread sends to databases: for the tests that what is forbidden is looked for as what is not there.
 *
 * Time is measured badly by tests, and statements are counted well: two requests that send the same ones in the same order tell nobody
 * which of the two was about something that exists. Only where the build has CHAPPE_CRASHPOINTS; everywhere else nothing is kept.
 *
 * Threads  each has its own; what other threads send in its name is not in it.
 */
#ifndef DB_TALLY_H
#define DB_TALLY_H

#include <stdbool.h>

enum { DB_TALLY_MAX = 48 };

#ifdef CHAPPE_CRASHPOINTS
/* Nothing was sent yet. */
void db_tally_begin(void);
/* One more; without what the connection adds by itself (BEGIN, preparing). */
void db_tally_add(const char *sql);
/* "4 0f3a…": how many since it began, and a digest of their texts in order. */
bool db_tally_text(char text_out[DB_TALLY_MAX]);
#else
static inline void db_tally_begin(void)
{
}
static inline void db_tally_add(const char *sql)
{
    (void)sql;
}
/* False: this build keeps none. */
static inline bool db_tally_text(char text_out[DB_TALLY_MAX])
{
    text_out[0] = '\0';
    return false;
}
#endif

#endif
