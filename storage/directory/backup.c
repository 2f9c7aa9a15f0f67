/*
 * backup.c -- the recipients of backed-up domains.
 */
#include "directory/backup.h"

#include "directory/act.h"
#include "format/address.h"

#include <string.h>
#include <talloc.h>

enum { ROWS_AT_ONCE = 10000 };

static const char LOCATE[] = "SELECT organisation_id FROM domain WHERE name = $1 AND kind = 'backup'";

static const char LOCK_DOMAIN[] =
    "SELECT domain_id, organisation_id, covers_subdomains FROM domain WHERE name = $1 AND kind = 'backup' FOR UPDATE";

static const char DELETE_ALL[] = "DELETE FROM backup_recipient WHERE domain_id = $1";
static const char INSERT_SOME[] =
    "INSERT INTO backup_recipient (domain_id, organisation_id, address) SELECT $1, $2, unnest($3)"
    " ON CONFLICT DO NOTHING";
static const char KNOW[] = "UPDATE domain SET knows_recipients = $2, stamp = stamp + 1 WHERE domain_id = $1";

struct change {
    const struct actor *actor;
    const char *domain;
    const char **addresses; /* NULL: forget */
    size_t count;
    void *scratch;
};

static bool is_of(const char *domain, const char *wanted, bool covers_subdomains)
{
    size_t length = strlen(domain), tail = strlen(wanted);

    if (strcmp(domain, wanted) == 0)
        return true;
    return covers_subdomains && length > tail + 1 && domain[length - tail - 1] == '.' &&
           strcmp(domain + length - tail, wanted) == 0;
}

/* An address key, or '@' and a domain. */
static bool read_one(const struct change *change, const char *text, bool covers, struct span *out,
                     struct err *err)
{
    char *key, *domain;

    if (*text == '@') {
        if (address_domain(change->scratch, span_text(text + 1), &domain) != ADDRESS_GOOD)
            return err_set(err, ERR_INVALID, "%.100s is neither an address nor @DOMAIN.", text);
        key = talloc_asprintf(change->scratch, "@%s", domain);
    } else if (!address_canonical(change->scratch, text, &key, &domain, err)) {
        return false;
    }
    *out = span_text(key);
    return is_of(domain, change->domain, covers) ||
           err_set(err, ERR_INVALID, "%.100s is not in the domain %.100s.", text, change->domain);
}

static bool insert_all(struct db *db, const struct change *change, int64_t domain_id, int64_t organisation_id,
                       bool covers, struct err *err)
{
    struct span *some = talloc_array(change->scratch, struct span, ROWS_AT_ONCE);

    for (size_t done = 0; change->addresses && done < change->count;) {
        size_t count = 0;
        while (done < change->count && count < ROWS_AT_ONCE)
            if (!read_one(change, change->addresses[done++], covers, &some[count++], err))
                return false;
        if (!db_exec(db, INSERT_SOME,
                     DB_ARGS(db_i64(domain_id), db_i64(organisation_id), db_text_array(some, count)), NULL,
                     err))
            return false;
    }
    return true;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    bool knows = change->addresses != NULL;
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_DOMAIN, DB_ARGS(db_text(change->domain)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "backed-up domain") : false;
    int64_t domain_id = db_get_i64(&row, 0), organisation_id = db_get_i64(&row, 1);
    bool covers = db_get_bool(&row, 2);
    return db_exec(db, DELETE_ALL, DB_ARGS(db_i64(domain_id)), NULL, err) &&
           insert_all(db, change, domain_id, organisation_id, covers, err) &&
           db_exec(db, KNOW, DB_ARGS(db_i64(domain_id), db_bool(knows)), NULL, err) &&
           audit_write(db, change->actor, organisation_id, "backup-mx.recipients", change->domain, NULL,
                       json_pack("{s:b, s:I}", "known", knows, "recipients", (json_int_t)change->count), err);
}

static bool act(struct directory *directory, struct change *change, const char *name, struct err *err)
{
    int64_t organisation_id;
    char *domain;

    *err = ERR_INIT;
    change->scratch = talloc_new(NULL);
    bool ok = address_domain(change->scratch, span_text(name), &domain) == ADDRESS_GOOD ||
              not_found(err, "backed-up domain");
    if (ok) {
        change->domain = domain;
        ok = act_locate(directory, change->actor, LOCATE, db_text(domain), "backed-up domain",
                        &organisation_id, err) &&
             act_in(directory, change->actor, organisation_id, set, change, err);
    }
    talloc_free(change->scratch);
    return ok;
}

bool backup_recipients_set(struct directory *directory, const struct actor *actor, const char *domain,
                           const char **addresses, size_t count, struct err *err)
{
    static const char *nobody[1];
    struct change change = { .actor = actor, .addresses = addresses ? addresses : nobody, .count = count };

    *err = ERR_INIT;
    if (count > BACKUP_RECIPIENTS_MAX)
        return err_set(err, ERR_LIMIT, "A backed-up domain has at most %d recipients.",
                       BACKUP_RECIPIENTS_MAX);
    return act(directory, &change, domain, err);
}

bool backup_recipients_forget(struct directory *directory, const struct actor *actor, const char *domain,
                              struct err *err)
{
    struct change change = { .actor = actor };

    return act(directory, &change, domain, err);
}
