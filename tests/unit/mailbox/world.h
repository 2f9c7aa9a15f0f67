/*
 * world.h -- a mailbox with its cache in a private database, and messages to put into it.
 */
#ifndef UNIT_MAILBOX_WORLD_H
#define UNIT_MAILBOX_WORLD_H

#include "base/wake.h"
#include "kit/store.h"
#include "mailbox/filing.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)
#define REFUSED(call, as)                                                                                    \
    do {                                                                                                     \
        err = ERR_INIT;                                                                                      \
        assert_false(call);                                                                                  \
        assert_int_equal(err.kind, as);                                                                      \
    } while (0)

enum { ADA = 1, BOB = 2 };

struct world {
    struct kit_store *store;
    struct wake_bus *bus;
    struct mailbox_cache *cache, *other_cache; /* the second as in another process, without a bus */
    struct mailbox *ada, *bob;
    struct mailbox_reader as_ada, as_bob;
};

static inline struct world *world_open(void)
{
    struct world *world = talloc_zero(NULL, struct world);
    struct err err = ERR_INIT;

    world->store = kit_store_open(world);
    kit_store_mailbox(world->store, ADA, 0, 0);
    kit_store_mailbox(world->store, BOB, 0, 0);
    OK(wake_start(NULL, "test", &world->bus, &err));
    world->cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = world->bus });
    world->other_cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = NULL });
    OK(mailbox_open(world->cache, world->store->group, ADA, &world->ada, &err));
    OK(mailbox_open(world->cache, world->store->group, BOB, &world->bob, &err));
    world->as_ada = (struct mailbox_reader){ 1001, ADA, KIT_ORGANISATION_ID };
    world->as_bob = (struct mailbox_reader){ 1002, BOB, KIT_ORGANISATION_ID };
    return world;
}

static inline void world_close(struct world *world)
{
    mailbox_close(&world->ada);
    mailbox_close(&world->bob);
    mailbox_cache_close(&world->cache);
    mailbox_cache_close(&world->other_cache);
    wake_stop(&world->bus);
    kit_store_close(world->store);
    talloc_free(world);
}

static inline int64_t world_inbox(struct world *world, struct mailbox *mailbox)
{
    struct mailbox_reader owner = { 0, mailbox_id(mailbox), KIT_ORGANISATION_ID };
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    OK(folder_find(mailbox, &owner, FOLDER_INBOX, 0, world, &folder, &err));
    return folder->folder_id;
}

/* Files `count` different small messages; the last one's target. */
static inline struct filing_target world_deliver(struct world *world, int64_t mailbox_id, int64_t folder_id,
                                                 uint64_t flags, int count)
{
    static atomic_int number;
    struct filing_target target = { .mailbox_id = 0 };
    struct err err = ERR_INIT;

    for (int i = 0; i < count; i++) {
        void *arena = talloc_new(NULL);
        int n = ++number;
        char *text = talloc_asprintf(arena,
                                     "From: Ada <ada@example.org>\r\nTo: bob@example.org\r\n"
                                     "Message-ID: <%d@example.org>\r\nSubject: number %d\r\n\r\nText %d\r\n",
                                     n, n, n);
        struct filing filing = { .draft = message_prepare(arena, span_text(text)),
                                 .received_us = 1000000 + n,
                                 .targets = &target,
                                 .target_count = 1 };
        struct filing_batch batch = { .filings = &filing, .count = 1 };
        struct db *db;

        target = (struct filing_target){ .mailbox_id = mailbox_id, .folder_id = folder_id, .flags = flags };
        OK(group_acquire(world->store->group, DB_INTERACTIVE, &db, &err));
        OK(filing_run(world->store->group, db, arena, &batch, &err));
        db_release(&db);
        if (!target.is_filed)
            fail_msg("not filed: %s / %s", target.err.user, target.err.log);
        mailbox_announce(world->cache, KIT_GROUP_ID, mailbox_id, target.modseq);
        talloc_free(arena);
    }
    return target;
}

#endif
