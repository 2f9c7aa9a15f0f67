/* store.c -- the smallest storage group. A trouble here ends the program. */
#include "kit/store.h"

#include "db/statement.h"
#include "group/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "kit/store: %s / %s\n", err->user, err->log);
    abort();
}

struct kit_store *kit_store_open(const void *owner)
{
    struct kit_store *store = talloc_zero(owner, struct kit_store);
    const struct groups_options options = { .pool_size = 24 };
    struct err err = ERR_INIT;

    store->conninfo = kit_pg_database(store, &db_schema_group);
    must(groups_open(store, &options, &store->groups, &err), &err);
    must(groups_put(store->groups, KIT_GROUP_ID, store->conninfo, &err), &err);
    must(group_find(store->groups, KIT_GROUP_ID, &store->group, &err), &err);
    must(group_initialise(group_pool(store->group), KIT_GROUP_ID, &err), &err);
    must(store_put(
             store->group,
             &(struct store_options){
                 .store_id = KIT_STORE_ID, .name = "s", .deleted_item_days = -1, .deleted_mailbox_days = -1 },
             &err),
         &err);
    return store;
}

void kit_store_close(struct kit_store *store)
{
    groups_close(&store->groups);
}

void kit_store_mailbox(struct kit_store *store, int64_t mailbox_id, int64_t quota_bytes,
                       int64_t quota_messages)
{
    struct err err = ERR_INIT;

    must(mailbox_create(store->group,
                        &(struct mailbox_options){ .mailbox_id = mailbox_id,
                                                   .store_id = KIT_STORE_ID,
                                                   .organisation_id = KIT_ORGANISATION_ID,
                                                   .domain_id = KIT_DOMAIN_ID,
                                                   .quota_bytes = quota_bytes,
                                                   .quota_messages = quota_messages,
                                                   .is_inbox_only = true },
                        &err),
         &err);
}

int64_t kit_store_number(struct kit_store *store, const char *sql, int64_t id)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct db *db;
    struct db_row row;

    must(group_acquire(store->group, DB_INTERACTIVE, &db, &err), &err);
    must(db_one_row(db, arena, sql, DB_ARGS(db_i64(id)), &row, &err), &err);
    int64_t number = db_get_i64(&row, 0);
    db_release(&db);
    talloc_free(arena);
    return number;
}

void kit_store_exec(struct kit_store *store, const char *sql, int64_t id)
{
    struct err err = ERR_INIT;
    struct db *db;

    must(group_acquire(store->group, DB_INTERACTIVE, &db, &err), &err);
    must(db_exec(db, sql, DB_ARGS(db_i64(id)), NULL, &err), &err);
    db_release(&db);
}
