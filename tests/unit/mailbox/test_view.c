/* test_view.c -- views, their differences and their bytes against a naive list of messages. */
#include "mailbox/view.h"

#include "mailbox/flags.h"
#include "mailbox/snapshot.h"
#include "mailbox/view_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

enum { MODEL_MAX = 12000 };

struct model {
    struct view_message messages[MODEL_MAX];
    uint32_t count, uidnext;
    uint64_t modseq;
};

static struct keywords *keywords;

static struct view_head head_of(const struct model *model)
{
    return (struct view_head){ .folder_id = 1,
                               .uidvalidity = 3,
                               .uidnext = model->uidnext,
                               .modseq = model->modseq,
                               .keywords = keywords };
}

static bool same_message(const struct view_message *a, const struct view_message *b)
{
    return a->uid == b->uid && a->number == b->number && a->size == b->size && a->flags == b->flags &&
           a->modseq == b->modseq && a->received_us == b->received_us && a->message_id == b->message_id &&
           a->item_id == b->item_id;
}

static void check_counts(const struct view *view, const struct model *model)
{
    uint32_t unseen = 0, deleted = 0, first_unseen = 0;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < model->count; i++) {
        bool is_unseen = !(model->messages[i].flags & FLAG_SEEN);

        if (is_unseen && !first_unseen)
            first_unseen = i + 1;
        unseen += is_unseen;
        deleted += (model->messages[i].flags & FLAG_DELETED) != 0;
        bytes += model->messages[i].size;
    }
    assert_int_equal(view_unseen(view), unseen);
    assert_int_equal(view_deleted(view), deleted);
    assert_int_equal(view_bytes(view), bytes);
    assert_int_equal(view_first_unseen(view), first_unseen);
}

static void check_view(const struct view *view, struct model *model)
{
    struct view_at at = view_from(view, 1);
    struct view_message m;

    assert_int_equal(view_count(view), model->count);
    for (uint32_t i = 0; i < model->count; i++) {
        model->messages[i].number = i + 1;
        assert_true(view_next(&at, &m));
        assert_true(same_message(&m, &model->messages[i]));
    }
    assert_false(view_next(&at, &m));
    check_counts(view, model);
    for (int i = 0; i < 20; i++) {
        uint32_t uid = (uint32_t)rand() % (model->uidnext + 2), below = 0, number = 0;

        for (uint32_t k = 0; k < model->count; k++) {
            below += model->messages[k].uid < uid;
            if (model->messages[k].uid == uid)
                number = k + 1;
        }
        assert_int_equal(view_count_below(view, uid), below);
        assert_int_equal(view_number_of(view, uid), number);
        assert_int_equal(view_find(view, uid, &m), number != 0);
        assert_int_equal(view_at(view, number, &m), number != 0);
        if (number)
            assert_int_equal(m.uid, uid);
    }
}

static void model_append(struct model *model, struct view_builder *builder)
{
    int times = rand() % 10 ? rand() % 5 : rand() % 3000;

    for (int i = 0; i < times && model->count < MODEL_MAX; i++) {
        struct view_message *m = &model->messages[model->count++];

        model->uidnext += (uint32_t)(rand() % 20 == 0 ? rand() % 100 : 0);
        *m = (struct view_message){ .uid = model->uidnext++,
                                    .size = (uint32_t)rand() % 100000,
                                    .flags = (uint64_t)rand() % 32,
                                    .modseq = model->modseq,
                                    .received_us = rand(),
                                    .message_id = rand(),
                                    .item_id = rand() };
        assert_true(view_builder_append(builder, m));
    }
}

static struct uid_set random_uids(const void *owner, const struct model *model)
{
    struct uid_set uids = UID_SET_INIT(owner);
    int times = rand() % 6;

    if (rand() % 8 == 0)
        uid_set_add(&uids, 1, UINT32_MAX);
    for (int i = 0; i < times; i++) {
        uint32_t first = 1 + (uint32_t)rand() % model->uidnext;

        uid_set_add(&uids, first, first + (uint32_t)(rand() % 4 ? rand() % 3 : rand() % 2500));
    }
    return uids;
}

static void model_flags(struct model *model, struct view_builder *builder)
{
    struct uid_set uids = random_uids(NULL, model);
    uint64_t clear = (uint64_t)rand() % 32, set = (uint64_t)rand() % 32;

    view_builder_flags(builder, &uids, clear, set, model->modseq);
    for (uint32_t i = 0; i < model->count; i++) {
        if (!uid_set_contains(&uids, model->messages[i].uid))
            continue;
        model->messages[i].flags = (model->messages[i].flags & ~clear) | set;
        model->messages[i].modseq = model->modseq;
    }
    talloc_free(uids.runs);
}

static void model_expunge(struct model *model, struct view_builder *builder)
{
    struct uid_set uids = random_uids(NULL, model);
    uint32_t to = 0;

    view_builder_expunge(builder, &uids);
    for (uint32_t i = 0; i < model->count; i++)
        if (!uid_set_contains(&uids, model->messages[i].uid))
            model->messages[to++] = model->messages[i];
    model->count = to;
    talloc_free(uids.runs);
}

static struct view *next_version(struct model *model, const struct view *base)
{
    struct view_builder *builder = view_builder_new(base);
    struct view_head head;
    int steps = 1 + rand() % 3;

    for (int i = 0; i < steps; i++) {
        int what = rand() % 8;

        model->modseq++;
        if (what < 4)
            model_append(model, builder);
        else if (what < 7)
            model_flags(model, builder);
        else
            model_expunge(model, builder);
    }
    head = head_of(model);
    return view_builder_finish(builder, &head);
}

/* A client that is told of the difference and keeps a list of what it knows. */
struct client {
    struct view_message known[MODEL_MAX];
    uint32_t count;
    const struct view *now;
    struct uid_set vanished;
    bool has_flags_in_new;
};

static void client_expunged(void *arg, uint32_t number, uint32_t uid)
{
    struct client *client = arg;

    assert_true(number >= 1 && number <= client->count);
    assert_int_equal(client->known[number - 1].uid, uid);
    memmove(client->known + number - 1, client->known + number,
            (client->count - number) * sizeof *client->known);
    client->count--;
}

static void client_vanished(void *arg, const struct uid_set *uids)
{
    struct client *client = arg;

    client->vanished = uid_set_copy(NULL, uids);
}

static void client_flags(void *arg, const struct view_message *message, uint64_t old_flags)
{
    struct client *client = arg;
    struct view_message m;

    assert_true(message->number >= 1 && message->number <= client->count);
    assert_int_equal(client->known[message->number - 1].uid, message->uid);
    assert_int_equal(client->known[message->number - 1].flags, old_flags);
    assert_true(view_at(client->now, message->number, &m));
    client->known[message->number - 1] = m;
}

static void client_appended(void *arg, uint32_t first_uid, uint32_t count)
{
    struct client *client = arg;
    struct view_message m;

    for (uint32_t i = 0; i < count; i++) {
        assert_true(view_at(client->now, client->count + 1, &m));
        if (i == 0)
            assert_int_equal(m.uid, first_uid);
        client->known[client->count++] = m;
    }
}

static void check_diff(struct client *client, const struct view *old, const struct view *now)
{
    struct view_diff diff = { client_expunged, client_vanished, client_flags, client_appended, client };

    client->now = now;
    client->vanished = UID_SET_INIT(NULL);
    view_diff(old, now, &diff);
    assert_int_equal(client->count, view_count(now));
    for (uint32_t i = 0; i < client->count; i++) {
        struct view_message m;

        client->known[i].number = i + 1;
        assert_true(view_at(now, i + 1, &m));
        assert_true(same_message(&m, &client->known[i]));
    }
    assert_int_equal(view_has_all_of(now, old), uid_set_is_empty(&client->vanished));
    talloc_free(client->vanished.runs);
}

static void check_snapshot(const struct view *view)
{
    struct buf bytes = BUF_INIT(NULL);
    struct view_builder *builder = view_builder_new(NULL);
    struct view_head head = {
        .folder_id = 1, .keywords = keywords, .modseq = view_modseq(view), .uidnext = 1
    };
    struct view_at a = view_from(view, 1), b;
    struct view *back;
    struct view_message m, n;

    snapshot_encode(view, &bytes);
    assert_true(snapshot_decode(buf_span(&bytes), view_count(view), builder));
    back = view_builder_finish(builder, &head);
    assert_int_equal(view_count(back), view_count(view));
    b = view_from(back, 1);
    while (view_next(&a, &m)) {
        assert_true(view_next(&b, &n));
        assert_true(same_message(&m, &n));
    }
    view_release(&back);
    talloc_free(bytes.p);
}

static void check_kept(const struct view *told, const struct view *latest)
{
    struct view *kept = view_keep_expunged(told, latest);
    struct view_message m;
    uint32_t known = 0, both = 0;

    assert_true(view_has_all_of(kept, told) && view_has_all_of(kept, latest));
    for (uint32_t number = 1; number <= view_count(told); number += 1 + (uint32_t)rand() % 50) {
        assert_true(view_at(told, number, &m));
        assert_int_equal(view_number_of(kept, m.uid), number);
    }
    for (struct view_at at = view_from(kept, 1); view_next(&at, &m); known++) {
        struct view_message other;

        assert_true(view_find(latest, m.uid, &other) || view_find(told, m.uid, &other));
        assert_int_equal(m.flags, other.flags);
        assert_int_equal(m.message_id, other.message_id);
        both += view_number_of(latest, m.uid) && view_number_of(told, m.uid);
    }
    assert_int_equal(known, view_count(told) + view_count(latest) - both);
    view_release(&kept);
}

static void versions_agree_with_the_model(void **state)
{
    struct model *model = talloc_zero(NULL, struct model);
    struct client *client = talloc_zero(NULL, struct client);
    struct view *told, *now;

    (void)state;
    srand(7);
    model->uidnext = 1;
    told = next_version(model, NULL);
    client->count = 0;
    for (struct view_at at = view_from(told, 1); view_next(&at, &client->known[client->count]);)
        client->count++;
    for (int round = 0; round < 1500; round++) {
        now = next_version(model, told);
        check_view(now, model);
        check_diff(client, told, now);
        if (round % 20 == 0) {
            check_snapshot(now);
            check_kept(told, now);
        }
        view_release(&told);
        told = now;
    }
    view_release(&told);
    talloc_free(model);
    talloc_free(client);
}

static void sets_name_what_the_view_has(void **state)
{
    struct model *model = talloc_zero(NULL, struct model);
    struct view *view;

    (void)state;
    model->uidnext = 1;
    view = next_version(model, NULL);
    for (int round = 0; round < 200; round++) {
        void *arena = talloc_new(NULL);
        struct view *next = next_version(model, view);
        struct uid_set asked = random_uids(arena, model), found = view_existing(arena, next, &asked);
        struct uid_set numbers = view_numbers_of(arena, next, &asked),
                       back = view_uids_of(arena, next, &numbers);
        struct uid_set seen = view_with_flags(arena, next, FLAG_SEEN, FLAG_DELETED);
        struct uid_set young = view_changed_since(arena, next, view_modseq(view));

        assert_true(uid_set_equals(&found, &back));
        for (uint32_t i = 0; i < model->count; i++) {
            const struct view_message *m = &model->messages[i];

            assert_int_equal(uid_set_contains(&found, m->uid), uid_set_contains(&asked, m->uid));
            assert_int_equal(uid_set_contains(&seen, m->uid),
                             (m->flags & FLAG_SEEN) && !(m->flags & FLAG_DELETED));
            assert_int_equal(uid_set_contains(&young, m->uid), m->modseq > view_modseq(view));
        }
        view_release(&view);
        view = next;
        talloc_free(arena);
    }
    view_release(&view);
    talloc_free(model);
}

static void only_touched_chunks_are_copied(void **state)
{
    struct view_builder *builder = view_builder_new(NULL);
    struct view_head head = { .folder_id = 1, .keywords = keywords };
    struct uid_set one = UID_SET_INIT(NULL);
    struct view *first, *second;
    uint32_t shared = 0;

    (void)state;
    for (uint32_t uid = 1; uid <= 100 * VIEW_CHUNK_MESSAGES; uid++)
        assert_true(view_builder_append(builder, &(struct view_message){ .uid = uid }));
    first = view_builder_finish(builder, &head);
    uid_set_add_one(&one, 5000);
    builder = view_builder_new(first);
    view_builder_flags(builder, &one, 0, FLAG_SEEN, 2);
    second = view_builder_finish(builder, &head);
    assert_int_equal(first->chunk_count, 100);
    for (uint32_t i = 0; i < 100; i++)
        shared += first->chunks[i] == second->chunks[i];
    assert_int_equal(shared, 99);
    assert_ptr_equal(first->chunks[4]->fixed, second->chunks[4]->fixed);
    view_release(&first);
    view_release(&second);
    talloc_free(one.runs);
}

static void damaged_snapshots_are_refused(void **state)
{
    struct model *model = talloc_zero(NULL, struct model);
    struct buf bytes = BUF_INIT(NULL);
    struct view *view;

    (void)state;
    model->uidnext = 1;
    view = next_version(model, NULL);
    for (int i = 0; i < 20; i++) {
        struct view *next = next_version(model, view);

        view_release(&view);
        view = next;
    }
    snapshot_encode(view, &bytes);
    for (int round = 0; round < 3000; round++) {
        char *copy = talloc_memdup(NULL, bytes.p, bytes.length);
        struct view_builder *builder = view_builder_new(NULL);
        size_t length = rand() % 3 ? bytes.length : (size_t)rand() % bytes.length;

        copy[(size_t)rand() % bytes.length] = (char)rand();
        (void)!snapshot_decode(span_of(copy, length), view_count(view), builder);
        view_builder_drop(builder);
        builder = view_builder_new(NULL);
        assert_false(snapshot_decode(buf_span(&bytes), view_count(view) + 1, builder));
        view_builder_drop(builder);
        talloc_free(copy);
    }
    view_release(&view);
    talloc_free(bytes.p);
    talloc_free(model);
}

static int set_up(void **state)
{
    (void)state;
    keywords = keywords_new(NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keywords_release(&keywords);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_agree_with_the_model),
        cmocka_unit_test(sets_name_what_the_view_has),
        cmocka_unit_test(only_touched_chunks_are_copied),
        cmocka_unit_test(damaged_snapshots_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
