/*
 * act.h -- how every function of this room gets to the database: as which role, in whose organisation. For this
 * room only.
 */
#ifndef DIRECTORY_ACT_H
#define DIRECTORY_ACT_H

#include "db/statement.h"
#include "db/transaction.h"
#include "directory/directory.h"

#include <jansson.h>

struct directory {
    struct db_pool *pools[DIRECTORY_POOLS];
    struct sealing *sealing;       /* NULL: none */
    struct resolve_memory *memory; /* resolve.c */
};

/* Runs `work` in a transaction that sees and changes one organisation, and raises the directory's stamp.
 * organisation_id 0: none yet (installation-wide tables). ERR_NOT_FOUND where the actor may not act there. */
MUST_CHECK bool act_in(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                       db_work *work, void *arg, struct err *err);
/* The transaction goes on in this organisation (0: in none). */
MUST_CHECK bool act_enter(struct db *db, int64_t organisation_id, struct err *err);
/* What an actor of a part of an organisation sees in this transaction from here on: all of the organisation, for lookups that decide
 * something without showing it; or his part again. */
enum act_view { ACT_NARROW, ACT_WIDE };
MUST_CHECK bool act_look(struct db *db, enum act_view view, struct err *err);
/* Runs `work` for reading: inside one organisation, or, for an actor of the installation that names none, over
 * all. */
MUST_CHECK bool act_read(struct directory *directory, const struct actor *actor, int64_t organisation_id,
                         db_work *work, void *arg, struct err *err);
/* Runs `work` in a transaction as chappe_lookup, which sees all organisations: for finding what is then read as an actor. */
MUST_CHECK bool look_in(struct directory *directory, db_work *work, void *arg, struct err *err);
/* Runs one statement as chappe_lookup. */
MUST_CHECK bool look_up(struct directory *directory, const void *owner, const char *sql, struct db_args args,
                        struct db_rows **rows_out, struct err *err);
/* The same where exactly one row is wanted: ERR_NOT_FOUND without one. */
MUST_CHECK bool look_up_one(struct directory *directory, const void *owner, const char *sql,
                            struct db_args args, struct db_row *row_out, struct err *err);
/* The organisation in which an actor meets an object: its own, or where `sql` finds it. `what` for ERR_NOT_FOUND. */
MUST_CHECK bool act_locate(struct directory *directory, const struct actor *actor, const char *sql,
                           struct db_value key, const char *what, int64_t *organisation_id_out,
                           struct err *err);
/* ERR_DENIED for an actor of one organisation. */
MUST_CHECK bool act_on_installation(const struct actor *actor, struct err *err);
/* act_in() about what is the whole installation's; *err is begun anew. */
MUST_CHECK bool act_installing(struct directory *directory, const struct actor *actor, db_work *work,
                               void *arg, struct err *err);
/* Runs a statement that returns one row. ERR_NOT_FOUND, naming `what`, without one, and where what it refers to is gone. */
MUST_CHECK bool act_one(struct db *db, const void *owner, const char *sql, struct db_args args,
                        const char *what, struct db_row *row_out, struct err *err);

/* ERR_DEPENDED_ON when `sql`, which gives (label, number in all), has rows. */
MUST_CHECK bool refuse_dependents(struct db *db, const char *what, const char *sql, struct db_args args,
                                  struct err *err);
/* ERR_NOT_FOUND with a sentence of its own. Returns false. */
static inline bool not_found(struct err *err, const char *what)
{
    return err_set(err, ERR_NOT_FOUND, "There is no such %s.", what);
}

/* After a failed insert: says which name is taken. Returns false. */
bool taken(struct err *err, const char *format, const char *name) __attribute__((format(printf, 2, 0)));
/* 1-100 characters of UTF-8 without control characters or spaces at the ends. */
MUST_CHECK bool check_name(const char *name, const char *what, struct err *err);

/* The audit row; takes over both references (NULL allowed). */
MUST_CHECK bool audit_write(struct db *db, const struct actor *actor, int64_t organisation_id,
                            const char *action, const char *object, json_t *before, json_t *after,
                            struct err *err);
/* The text of a JSON value under `owner`, and its reference given back; NULL for NULL. */
char *json_take_text(const void *owner, json_t *value);

/* Key of an address as an administrator writes it, and its domain; ERR_INVALID says what is wrong with it. */
MUST_CHECK bool address_canonical(const void *owner, const char *text, char **key_out, char **domain_out,
                                  struct err *err);

/* sealed.c */
/* A secret as it was stored, under `owner`; where it does not open that is logged, and it is "": who uses it fails, and
 * temporarily. */
const char *unsealed(struct directory *directory, const void *owner, const char *context, const char *stored);
/* "dkim example.org s1": what a secret is bound to. Under `owner`. */
char *seal_context(const void *owner, const char *kind, const char *name, const char *part);

/* resolve.c */
/* What resolve.c remembers; made and freed with the directory. */
void resolve_memory_open(struct directory *directory);
/* Nobody resolves any more. */
void resolve_memory_close(struct directory *directory);

#endif
