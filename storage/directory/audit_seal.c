/* audit_seal.c -- making the chain, and walking it. */
#include "directory/audit_seal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "directory/act.h"
#include "directory/audit.h"

#include <talloc.h>

static const char SEAL[] =
    "SELECT chappe_seal_audit(CASE WHEN $1 THEN 0 ELSE (SELECT coalesce(max(audit_id), 0) - $2 FROM audit) END, $3, $4)";
static const char VERIFY[] =
    "SELECT sealed, waiting, coalesce(oldest_waiting_us, 0), wrong, coalesce(wrong_sequence, 0),"
    "       coalesce(wrong_id, 0), head, hash_asked FROM chappe_verify_audit($1)";

struct sealing_turn {
    enum audit_reach reach;
    uint64_t *sealed_out;
};

static bool seal(struct db *db, void *arg, struct err *err)
{
    const struct sealing_turn *turn = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, SEAL,
                         DB_ARGS(db_bool(turn->reach == AUDIT_EVERYWHERE), db_i64(AUDIT_SEAL_WINDOW),
                                 db_i32(AUDIT_SEALS_AT_ONCE), db_i64(clock_now_us())),
                         &row, err);

    if (ok)
        *turn->sealed_out = (uint64_t)db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

bool audit_seal(struct directory *directory, enum audit_reach reach, uint64_t *sealed_out, struct err *err)
{
    struct sealing_turn turn = { reach, sealed_out };

    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, seal, &turn, err);
}

struct walk {
    const void *owner;
    int64_t asked;
    struct audit_verdict *out;
};

static const char *hex(const void *owner, struct span bytes)
{
    char *text = talloc_zero_array(owner, char, (unsigned)(2 * span_length(bytes) + 1));

    hex_encode(bytes, text);
    return text;
}

static bool verify(struct db *db, void *arg, struct err *err)
{
    const struct walk *walk = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = db_one_row(db, scratch, VERIFY, DB_ARGS(db_i64(walk->asked)), &row, err);

    if (ok)
        *walk->out = (struct audit_verdict){
            .sealed = db_get_i64(&row, 0),
            .waiting = db_get_i64(&row, 1),
            .oldest_waiting_us = db_get_i64(&row, 2),
            .wrong = db_copy_text(walk->owner, &row, 3),
            .wrong_sequence = db_get_i64(&row, 4),
            .wrong_id = db_get_i64(&row, 5),
            .head = hex(walk->owner, db_get_bytes(&row, 6)),
            .asked = db_is_null(&row, 7) ? NULL : hex(walk->owner, db_get_bytes(&row, 7)),
        };
    talloc_free(scratch);
    return ok;
}

bool audit_verify(struct directory *directory, const struct actor *actor, const void *owner,
                  int64_t sequence_asked, struct audit_verdict *verdict_out, struct err *err)
{
    struct walk walk = { owner, sequence_asked, verdict_out };

    *err = ERR_INIT;
    return act_on_installation(actor, err) &&
           with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_BACKGROUND, verify, &walk, err);
}
