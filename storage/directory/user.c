/*
 * user.c -- finding and listing users.
 */
#include "directory/user.h"

#include "directory/reach.h"
#include "directory/recipient_search.h"
#include "directory/user_row.h"

#include <glib.h>
#include <talloc.h>

enum { DEFAULT_LIMIT = 1000, LARGEST_LIMIT = 10000 };

static const char *const kind_names[RECIPIENT_KINDS] = {
    [RECIPIENT_USER] = "user",
    [RECIPIENT_SHARED] = "shared",
    [RECIPIENT_ROOM] = "room",
    [RECIPIENT_EQUIPMENT] = "equipment",
    [RECIPIENT_CONTACT] = "contact",
    [RECIPIENT_GROUP] = "group",
    [RECIPIENT_PUBLIC_FOLDER] = "public-folder",
    [RECIPIENT_ALIAS] = "alias",
};

static const char *const state_names[RECIPIENT_STATES] = {
    [RECIPIENT_ACTIVE] = "active",
    [RECIPIENT_NO_LOGIN] = "no-login",
    [RECIPIENT_DISABLED] = "disabled",
};

const char *recipient_kind_name(enum recipient_kind kind)
{
    return kind_names[kind];
}

enum recipient_kind recipient_kind_of(struct span name)
{
    int kind = 0;

    while (kind < RECIPIENT_KINDS - 1 && !span_equals_text(name, kind_names[kind]))
        kind++;
    return (enum recipient_kind)kind;
}

const char *recipient_state_name(enum recipient_state state)
{
    return state_names[state];
}

bool recipient_state_of(const char *name, enum recipient_state *state_out)
{
    for (int state = 0; state < RECIPIENT_STATES; state++)
        if (strcmp(state_names[state], name) == 0) {
            *state_out = (enum recipient_state)state;
            return true;
        }
    return false;
}

enum recipient_state recipient_state_of_span(struct span name)
{
    int state = 0;

    while (state < RECIPIENT_STATES - 1 && !span_equals_text(name, state_names[state]))
        state++;
    return (enum recipient_state)state;
}

void user_read_row(const void *owner, const struct db_row *row, struct user *out)
{
    size_t count;
    struct span *addresses = db_get_span_array(owner, row, 8, &count);

    *out = (struct user){
        .recipient_id = db_get_i64(row, 0),
        .organisation_id = db_get_i64(row, 1),
        .administrative_group_id = db_get_i64(row, 2),
        .domain_id = db_get_i64(row, 3),
        .kind = recipient_kind_of(db_get_text(row, 4)),
        .state = recipient_state_of_span(db_get_text(row, 5)),
        .address = db_copy_text(owner, row, 6),
        .name = db_copy_text(owner, row, 7),
        .addresses = talloc_array(owner, const char *, (unsigned)count),
        .address_count = count,
        .mailbox = { db_get_i64(row, 9), db_get_i64(row, 10), db_get_i64(row, 11) },
        .quota_bytes = db_get_i64(row, 12),
        .quota_messages = db_get_i64(row, 13),
        .protocols = (unsigned)db_get_i32(row, 14),
        .has_password = db_get_bool(row, 15),
        .created_us = db_get_i64(row, 16),
        .changed_us = db_get_i64(row, 17),
        .stamp = db_get_i64(row, 18),
    };
    for (size_t i = 0; i < count; i++)
        out->addresses[i] = span_copy(out->addresses, addresses[i]);
    talloc_free(addresses);
}

static const char SELECT_BY_ADDRESS[] =
    SELECT_USER " WHERE r.mailbox_id IS NOT NULL"
                "   AND r.recipient_id = (SELECT recipient_id FROM address WHERE address = $1)";

static const char SELECT_BY_ID[] = SELECT_USER " WHERE r.mailbox_id IS NOT NULL AND r.recipient_id = $1";

/* By address_by_organisation, or the unique index of all addresses. */
#define PAGE_THAT(fits)                                                                                      \
    SELECT_USER " WHERE r.mailbox_id IS NOT NULL AND ($1 = 0 OR a.organisation_id = $1)"                     \
                "   AND ($2::text IS NULL OR a.domain_id = (SELECT domain_id FROM domain WHERE name = $2))"  \
                "   AND " fits "   AND ($4::text IS NULL OR a.address > $4)"                                 \
                "   AND (NOT $6 OR r.protocols <> 255)"                                                      \
                " ORDER BY a.address LIMIT $5"
static const char SELECT_PAGE[] = PAGE_THAT(
    "($3::text IS NULL OR r.sort_name LIKE $3"
    "      OR EXISTS (SELECT FROM address b WHERE b.recipient_id = r.recipient_id AND b.address LIKE $3))");
/* Those few that were found. */
static const char SELECT_FOUND[] = PAGE_THAT("r.recipient_id = ANY ($3::bigint[])");

struct listing {
    const void *owner;
    const char *sql;
    struct db_args args;
    struct user *users;
    size_t count;
};

static bool read_list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, listing->sql, listing->args, &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->users = talloc_array(listing->owner, struct user, (unsigned)listing->count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        user_read_row(listing->users, &row, &listing->users[i]);
    talloc_free(rows);
    return true;
}

static bool get_one(struct directory *directory, const struct actor *actor, struct listing *listing,
                    struct user *user_out, struct err *err)
{
    if (!act_read(directory, actor, 0, read_list, listing, err))
        return false;
    if (listing->count != 1)
        return not_found(err, "user");
    *user_out = listing->users[0];
    return true;
}

bool user_find(struct directory *directory, const struct actor *actor, const void *owner, const char *address,
               struct user *user_out, struct err *err)
{
    char *key, *domain;

    *err = ERR_INIT;
    if (!address_canonical(owner, address, &key, &domain, err))
        return false;
    struct listing listing = { .owner = owner, .sql = SELECT_BY_ADDRESS, .args = DB_ARGS(db_text(key)) };
    return get_one(directory, actor, &listing, user_out, err);
}

bool user_get(struct directory *directory, const struct actor *actor, const void *owner, int64_t recipient_id,
              struct user *user_out, struct err *err)
{
    struct listing listing = { .owner = owner, .sql = SELECT_BY_ID, .args = DB_ARGS(db_i64(recipient_id)) };

    return get_one(directory, actor, &listing, user_out, err);
}

static int64_t limit_of(const struct user_query *query)
{
    size_t limit = query->limit ? query->limit : DEFAULT_LIMIT;

    return (int64_t)(limit < LARGEST_LIMIT ? limit : LARGEST_LIMIT);
}

#define PAGE_ARGS(query, organisation_id, text)                                                              \
    DB_ARGS(db_i64(organisation_id), db_text((query)->domain), text, db_text((query)->after),                \
            db_i64(limit_of(query)), db_bool((query)->is_restricted))

/* As recipient_list() chooses a page: by the role that looks up, to be read as the actor then. */
static bool choose(struct directory *directory, const void *scratch, int64_t organisation_id,
                   const struct user_query *query, struct recipient_search *search, struct err *err)
{
    struct listing chosen = { .owner = scratch,
                              .sql = SELECT_PAGE,
                              .args = PAGE_ARGS(query, organisation_id, search->value) };
    int64_t *ids;

    if (!look_in(directory, read_list, &chosen, err))
        return false;
    ids = talloc_array(scratch, int64_t, (unsigned)chosen.count + 1);
    for (size_t i = 0; i < chosen.count; i++)
        ids[i] = chosen.users[i].recipient_id;
    *search = (struct recipient_search){ true, db_i64_array(ids, chosen.count) };
    return true;
}

/* Those few that the actor reaches, where they are few. */
static bool find_part(struct directory *directory, const void *scratch, int64_t organisation_id,
                      const struct actor *actor, struct recipient_search *search, struct err *err)
{
    const struct reach_keys keys = reach_keys(scratch, actor->within);
    int64_t *ids;
    size_t count;

    if (!reach_few(directory, scratch, organisation_id, &keys, &ids, &count, err))
        return false;
    if (ids)
        *search = (struct recipient_search){ true, db_i64_array(ids, count) };
    return true;
}

bool user_list(struct directory *directory, const struct actor *actor, const void *owner,
               const struct user_query *query, struct user **users_out, size_t *count_out, struct err *err)
{
    int64_t organisation_id = query->organisation_id ? query->organisation_id : actor->organisation_id;
    struct recipient_search search = { .value = db_text(NULL) };
    void *scratch = talloc_new(NULL);
    bool is_slow = query->text || query->is_restricted, done = true;
    if (query->text)
        done = recipient_search(directory, scratch, organisation_id, query->text, &search, err);
    bool is_part = actor->within && *actor->within;
    if (done && is_slow && !search.is_few && organisation_id && !is_part)
        done = choose(directory, scratch, organisation_id, query, &search, err);
    if (done && is_part && !query->text && organisation_id)
        done = find_part(directory, scratch, organisation_id, actor, &search, err);
    struct listing listing = { .owner = owner,
                               .sql = search.is_few ? SELECT_FOUND : SELECT_PAGE,
                               .args = PAGE_ARGS(query, query->organisation_id, search.value) };

    done = done && act_read(directory, actor, query->organisation_id, read_list, &listing, err);
    talloc_free(scratch);
    if (!done)
        return false;
    *users_out = listing.users;
    *count_out = listing.count;
    return true;
}
