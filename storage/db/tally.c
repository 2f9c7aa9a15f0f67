/* tally.c -- see tally.h. */
#include "db/tally.h"

#ifdef CHAPPE_CRASHPOINTS
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

/* FNV-1a, 64 bits. */
static const uint64_t FNV_BASIS = UINT64_C(0xcbf29ce484222325), FNV_PRIME = UINT64_C(0x100000001b3);

/* Of this thread, which answers one request at a time. */
static _Thread_local struct {
    unsigned count;
    uint64_t digest;
} tally;

void db_tally_begin(void)
{
    tally.count = 0;
    tally.digest = FNV_BASIS;
}

void db_tally_add(const char *sql)
{
    tally.count++;
    for (const unsigned char *p = (const unsigned char *)sql; *p; p++)
        tally.digest = (tally.digest ^ *p) * FNV_PRIME;
}

bool db_tally_text(char text_out[DB_TALLY_MAX])
{
    snprintf(text_out, DB_TALLY_MAX, "%u %016" PRIx64, tally.count, tally.digest);
    return true;
}
#else
/* a translation unit is not empty */
extern const int db_tally_is_compiled_out;
const int db_tally_is_compiled_out = 1;
#endif
