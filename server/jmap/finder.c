/* finder.c -- see finder.h. */
#include "jmap/finder.h"

#include "jmap/account.h"
#include "jmap/email_query.h"

#include <talloc.h>

/* A request that nobody made. */
struct asking {
    struct jmap jmap;
    struct jmap_request request;
    struct jmap_account *account;
    struct jmap_call call;
};

static int end(struct asking *asking)
{
    jmap_account_stale(asking->account);
    mailbox_close(&asking->account->mailbox);
    json_decref(asking->call.error);
    return 0;
}

static struct asking *begin(const void *arena, struct mailbox *mailbox, int64_t search_time_us)
{
    struct asking *asking = talloc_zero(arena, struct asking);

    asking->jmap.options.cache = mailbox_cache_of(mailbox);
    asking->jmap.options.search_time_us = search_time_us;
    asking->request =
        (struct jmap_request){ .jmap = &asking->jmap,
                               .arena = asking,
                               .reader = { .recipient_id = mailbox_id(mailbox),
                                           .mailbox_id = mailbox_id(mailbox),
                                           .organisation_id = mailbox_organisation_id(mailbox) } };
    asking->account = talloc(asking, struct jmap_account);
    *asking->account = (struct jmap_account){ .id = "",
                                              .is_own = true,
                                              .mailbox_id = mailbox_id(mailbox),
                                              .group = mailbox_group(mailbox),
                                              .mailbox = mailbox_ref(mailbox) };
    asking->call =
        (struct jmap_call){ .request = &asking->request, .arena = asking, .account = asking->account };
    talloc_set_destructor(asking, end);
    return asking;
}

/* A filter that was good when it was saved fails for trouble of ours, or because it names what is no longer known. */
static bool read_filter(struct asking *asking, const char *filter, struct email_query *query, struct err *err)
{
    json_error_t place;
    json_t *read = json_loads(filter, JSON_DECODE_ANY, &place);
    const char *type;

    if (!read)
        return err_set(err, ERR_INVALID, "The search of this folder cannot be read.");
    asking->call.in = jmap_keep(asking, json_pack("{s:o}", "filter", read));
    if (email_query_read(&asking->call, query))
        return !query->needs_threads ||
               err_set(err, ERR_INVALID, "A search folder cannot look at conversations.");
    type = json_string_value(json_object_get(asking->call.error, "type"));
    return type && strncmp(type, "server", 6) == 0
               ? err_set(err, ERR_BUSY, "The mailbox is not available at the moment.")
               : err_set(err, ERR_INVALID, "The search of this folder cannot be read.");
}

static bool take(const struct asking *asking, const struct gathered *gathered, const void *owner,
                 struct search_place **places_out, size_t *count_out, struct err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < gathered->count; i++)
        count += gathered->items[i].truth == FILTER_YES;
    if (count > SEARCH_FOLDER_MESSAGES_MAX)
        return err_set(err, ERR_LIMIT, "A search folder can show %d messages. Search for less.",
                       SEARCH_FOLDER_MESSAGES_MAX);
    *places_out = talloc_array(owner, struct search_place, (unsigned)count + 1);
    *count_out = 0;
    for (size_t i = 0; i < gathered->count; i++)
        if (gathered->items[i].truth == FILTER_YES)
            (*places_out)[(*count_out)++] =
                (struct search_place){ asking->account->folders[gathered->items[i].folder]->folder_id,
                                       gathered->items[i].uid };
    return true;
}

static size_t first_of(const struct search_place *places, size_t count, int64_t folder_id)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (places[middle].folder_id < folder_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of all messages only these, where they are still there and may be read. */
static bool gather_among(const struct email_query *query, const struct search_place *among, size_t count,
                         struct gathered *g, struct err *err)
{
    struct jmap_account *account = query->call->account;
    void *arena = query->call->arena;
    struct view_message m;
    const struct view *view;

    *g = (struct gathered){ .items = talloc_array(arena, struct candidate, (unsigned)count + 1),
                            .starts = talloc_zero_array(arena, size_t, (unsigned)account->folder_count + 2) };
    for (size_t i = 0; i < account->folder_count; i++) {
        int64_t folder_id = account->folders[i]->folder_id;
        size_t at = first_of(among, count, folder_id);

        g->starts[i] = g->count;
        if (at == count || among[at].folder_id != folder_id || !(account->folders[i]->rights & RIGHT_READ))
            continue;
        if (!jmap_account_view(account, i, &view, err))
            return false;
        for (; at < count && among[at].folder_id == folder_id; at++)
            if (view_find(view, among[at].uid, &m))
                g->items[g->count++] = (struct candidate){ m.item_id, m.received_us, m.flags,         m.size,
                                                           m.uid,     (uint32_t)i,   FILTER_UNDECIDED };
    }
    g->starts[account->folder_count] = g->count;
    return true;
}

static bool gather(struct email_query *query, const struct search_place *among, size_t count,
                   struct gathered *gathered, struct err *err)
{
    query->by_place = true;
    if (!among)
        return email_gather(query, gathered, err);
    return gather_among(query, among, count, gathered, err) && email_filter_among(query, gathered, err);
}

static bool find(struct asking *asking, struct email_query *query, const struct search_place *among,
                 size_t among_count, const void *owner, struct search_place **places_out, size_t *count_out,
                 struct err *err)
{
    struct gathered gathered;
    bool is_done = gather(query, among, among_count, &gathered, err);

    for (size_t i = 0; is_done && !query->filter && i < gathered.count; i++)
        gathered.items[i].truth = FILTER_YES;
    is_done = is_done && (!query->filter || email_filter_apply(query, &gathered, err)) &&
              take(asking, &gathered, owner, places_out, count_out, err);
    if (gathered.more)
        g_hash_table_destroy(gathered.more);
    return is_done;
}

bool jmap_find_places(void *finder, struct mailbox *mailbox, const char *filter,
                      const struct search_place *among, size_t among_count, const void *owner,
                      struct search_place **places_out, size_t *count_out, struct err *err)
{
    struct jmap_finder *own = finder;
    struct asking *asking = begin(NULL, mailbox, atomic_load(&own->search_time_us));
    struct email_query query;
    bool is_done = jmap_account_read(&asking->request, asking->account, err) &&
                   read_filter(asking, filter, &query, err) &&
                   find(asking, &query, among, among_count, owner, places_out, count_out, err);

    talloc_free(asking);
    return is_done;
}
