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

static bool find(struct asking *asking, struct email_query *query, const void *owner,
                 struct search_place **places_out, size_t *count_out, struct err *err)
{
    struct gathered gathered;
    bool is_done;

    query->by_place = true;
    is_done = email_gather(query, &gathered, err);
    for (size_t i = 0; is_done && !query->filter && i < gathered.count; i++)
        gathered.items[i].truth = FILTER_YES;
    is_done = is_done && (!query->filter || email_filter_apply(query, &gathered, err)) &&
              take(asking, &gathered, owner, places_out, count_out, err);
    if (gathered.more)
        g_hash_table_destroy(gathered.more);
    return is_done;
}

bool jmap_find_places(void *finder, struct mailbox *mailbox, const char *filter, const void *owner,
                      struct search_place **places_out, size_t *count_out, struct err *err)
{
    struct jmap_finder *own = finder;
    struct asking *asking = begin(NULL, mailbox, atomic_load(&own->search_time_us));
    struct email_query query;
    bool is_done = jmap_account_read(&asking->request, asking->account, err) &&
                   read_filter(asking, filter, &query, err) &&
                   find(asking, &query, owner, places_out, count_out, err);

    talloc_free(asking);
    return is_done;
}
