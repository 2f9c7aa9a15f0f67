/* server_key.c -- the key of a server, made when it is first asked for. */
#include "directory/act.h"
#include "directory/server.h"

#include <string.h>
#include <talloc.h>

/* Of two who make it at once, one makes none and sees none yet: it asks again. */
static const char FIND_OR_MAKE[] =
    "WITH found AS (SELECT server_id FROM server WHERE lower(name) = lower($1)),"
    "     made AS (INSERT INTO server_key (server_id)"
    "              SELECT server_id FROM found WHERE NOT EXISTS (SELECT FROM server_key k JOIN found USING (server_id))"
    "              ON CONFLICT DO NOTHING RETURNING server_id, key)"
    " SELECT server_id, key FROM made"
    " UNION ALL SELECT k.server_id, k.key FROM server_key k JOIN found USING (server_id)";
static const char FORGET[] =
    "DELETE FROM server_key WHERE server_id = (SELECT server_id FROM server WHERE name = $1)";
static const char IS_THERE[] = "SELECT server_id FROM server WHERE name = $1";

enum { ATTEMPTS = 3 };

bool server_key(struct directory *directory, const char *name, int64_t *server_id_out,
                uint8_t key_out[SERVER_KEY_BYTES], struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = false;

    for (int i = 0; i < ATTEMPTS && !ok; i++) {
        *err = ERR_INIT;
        ok = look_up_one(directory, scratch, FIND_OR_MAKE, DB_ARGS(db_text(name)), &row, err);
        if (!ok && err->kind != ERR_NOT_FOUND)
            break;
    }
    if (ok) {
        struct span key = db_get_bytes(&row, 1);

        *server_id_out = db_get_i64(&row, 0);
        memset(key_out, 0, SERVER_KEY_BYTES);
        memcpy(key_out, key.p, span_length(key) < SERVER_KEY_BYTES ? span_length(key) : SERVER_KEY_BYTES);
    }
    talloc_free(scratch);
    return ok || (err->kind == ERR_NOT_FOUND && not_found(err, "server"));
}

struct change {
    const struct actor *actor;
    const char *name;
};

static bool forget(struct db *db, void *arg, struct err *err)
{
    const struct change *change = arg;
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool is_there = db_one_row(db, scratch, IS_THERE, DB_ARGS(db_text(change->name)), &row, err);

    talloc_free(scratch);
    if (!is_there)
        return err->kind == ERR_NOT_FOUND && not_found(err, "server");
    return db_exec(db, FORGET, DB_ARGS(db_text(change->name)), NULL, err) &&
           audit_write(db, change->actor, 0, "server.new-key", change->name, NULL, NULL, err);
}

bool server_forget_key(struct directory *directory, const struct actor *actor, const char *name,
                       struct err *err)
{
    struct change change = { actor, name };

    *err = ERR_INIT;
    return act_on_installation(actor, err) && act_in(directory, actor, 0, forget, &change, err);
}
