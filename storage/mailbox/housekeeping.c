/* housekeeping.c -- the jobs, in the order of their periods. */
#include "mailbox/housekeeping.h"

#include "group/store.h"
#include "mailbox/fold.h"
#include "mailbox/maintain.h"
#include "mailbox/purge.h"
#include "mailbox/script.h"
#include "mailbox/search.h"
#include "mailbox/upload.h"

/* Some hundred a turn: about half a second of one core. */
enum { INDEXED_A_TURN = 500, WORDS_A_TURN = 200 };

static bool index_text(struct group *group, bool *is_done_out, struct err *err)
{
    size_t done;

    if (!mailbox_index_step(group, INDEXED_A_TURN, &done, err))
        return false;
    *is_done_out = done < INDEXED_A_TURN;
    return true;
}

static bool index_words(struct group *group, bool *is_done_out, struct err *err)
{
    size_t done;

    if (!mailbox_words_step(group, WORDS_A_TURN, &done, err))
        return false;
    *is_done_out = done < WORDS_A_TURN;
    return true;
}

const struct housekeeping_job housekeeping_jobs[] = {
    { "snapshots", 10, maintain_step },
    { "search-text", 20, index_text },
    { "search-words", 20, index_words },
    { "journal", 300, fold_step },
    { "receipts", 600, purge_receipts },
    { "expunged", 600, purge_expunged },
    { "deleted-mailboxes", 1800, purge_mailboxes },
    { "deleted-folders", 1800, purge_folders },
    { "staged", 3600, purge_staged },
    { "script-marks", 900, script_sweep_marks },
    { "uploads", 900, upload_sweep },
    { "store-sizes", 3600, store_note_history },
};
const size_t housekeeping_job_count = COUNT_OF(housekeeping_jobs);
