/* search.c -- who asks, where, and whom that finds. */
#include "auth/auth.h"
#include "directory/book_card.h"
#include "directory/organisation.h"
#include "slapd/call.h"
#include "slapd/filter.h"
#include "slapd/name.h"

#include <glib.h>
#include <strings.h>
#include <talloc.h>

/* Cards are read and sent so many at a time: photos are large. */
enum { CARDS_AT_ONCE = 50, ANSWER_BYTES_MAX = 64 << 20 };

static const char cannot_filter[] =
    "This filter cannot be answered: and, or, not, equality, presence and substrings are, "
    "some 50 tests in all.";

struct reading {
    struct slapd_call *call;
    int64_t organisation_id;
    const char *reader; /* address; "": anybody */
    const char *organisation;
    struct ldap_filter *filter;
    struct name base;
    size_t entry_parts;      /* of `base` that stand before the list: 1 where it names somebody */
    const struct book *book; /* NULL: the base is none */
    bool is_top;             /* the base is the organisation, below which the other lists stand */
    const char *below;       /* the names of entries end with it */
    struct book *books;
    size_t book_count;
    size_t found;
    size_t sent_bytes;
};

/* ---- who asks */

static bool enter_as_anybody(struct reading *reading, struct err *err)
{
    const struct slapd_options *options = reading->call->options;
    const struct actor nobody = { .name = "ldap" };
    const char *name = options->open_organisation(options->arg);
    struct organisation found;

    if (!*name)
        return err_set(err, ERR_AUTH, "Log in first.");
    if (!organisation_find(options->directory, &nobody, reading->call->arena, name, &found, err))
        return false;
    if (!found.is_enabled)
        return err_set(err, ERR_AUTH, "Log in first.");
    reading->organisation_id = found.organisation_id;
    reading->reader = "";
    return true;
}

static bool enter(struct reading *reading, struct err *err)
{
    struct slapd_call *call = reading->call;
    const struct auth_request asked = { .protocol = PROTOCOL_WEB, .peer = call->request->peer };
    struct identity *identity;
    const char *login;
    struct name name;

    if (span_is_empty(call->request->who))
        return enter_as_anybody(reading, err);
    login = name_read(call->arena, call->request->who, &name) ? name_login(call->arena, &name) : NULL;
    if (!login)
        return err_set(err, ERR_AUTH, "Log in first.");
    if (!auth_again(call->options->auth, call->arena, &asked, span_text(login), &identity, err))
        return false;
    reading->organisation_id = identity->organisation_id;
    reading->reader = identity->login;
    return true;
}

/* ---- where */

static bool is_same(const char *a, const char *b)
{
    char *x = g_utf8_casefold(a, -1), *y = g_utf8_casefold(b, -1);
    bool same = strcmp(x, y) == 0;

    g_free(x);
    g_free(y);
    return same;
}

/* How many parts stand before the organisation; false where the base is not below it. */
static bool parts_before(const struct reading *reading, const char *domain, bool has_domain,
                         size_t *before_out)
{
    const struct name *base = &reading->base;
    size_t last = base->count;

    if (base->count == 0)
        return *before_out = 0, true;
    if (domain) {
        while (last > 0 && name_part_is(base, last - 1, "dc"))
            last--;
        return *before_out = last, has_domain;
    }
    *before_out = base->count - 1;
    return name_part_is(base, base->count - 1, "o") &&
           is_same(base->parts[base->count - 1].value, reading->organisation);
}

/* The domain at the end of the base, NULL without one. */
static char *domain_of_base(const struct reading *reading)
{
    size_t from = reading->base.count;

    while (from > 0 && name_part_is(&reading->base, from - 1, "dc"))
        from--;
    return name_domain(reading->call->arena, &reading->base, from);
}

static const struct book *book_named(const struct reading *reading, const char *name)
{
    for (size_t i = 1; i < reading->book_count; i++)
        if (is_same(reading->books[i].name, name))
            return &reading->books[i];
    return NULL;
}

static char *organisation_name(const struct reading *reading)
{
    struct buf out = BUF_INIT(reading->call->arena);

    buf_add_text(&out, "o=");
    vcard_add_dn_value(&out, reading->organisation);
    return buf_text(&out);
}

/* mail=..., ou=..., and the organisation: what there is of them. */
static void find_book(struct reading *reading, size_t before)
{
    const struct name *base = &reading->base;
    size_t list = before > 0 && name_part_is(base, before - 1, "ou") ? 1 : 0;

    reading->entry_parts = before - list;
    if (reading->entry_parts > 1 || (reading->entry_parts == 1 && !name_part_is(base, 0, "mail")))
        return;
    reading->book = list ? book_named(reading, base->parts[before - 1].value) : &reading->books[0];
    reading->is_top = before == 0;
    reading->below = base->count == 0
                         ? organisation_name(reading)
                         : span_copy(reading->call->arena,
                                     (struct span){ base->parts[reading->entry_parts].at, base->text.end });
}

static bool find_place(struct reading *reading, struct err *err)
{
    struct slapd_call *call = reading->call;
    struct directory *directory = call->options->directory;
    bool has_domain, is_named = name_read(call->arena, call->request->base, &reading->base);
    const char *domain = is_named ? domain_of_base(reading) : NULL;
    size_t before;

    if (!book_organisation(directory, call->arena, reading->organisation_id, domain ? domain : "",
                           &reading->organisation, &has_domain, err) ||
        !books_list(directory, call->arena, reading->organisation_id, reading->reader, &reading->books,
                    &reading->book_count, err))
        return false;
    if (is_named && parts_before(reading, domain, has_domain, &before))
        find_book(reading, before);
    return reading->book || err_set(err, ERR_NOT_FOUND, "There is no such place.");
}

/* ---- what is found */

/* Takes a whole entry; false: that is enough. */
static bool entry_is_sent(struct reading *reading)
{
    struct slapd_call *call = reading->call;

    reading->sent_bytes += call->out.length;
    return slapd_flush(call) && reading->sent_bytes < ANSWER_BYTES_MAX;
}

static void add_container(struct reading *reading, const char *class_name, const char *type, const char *name,
                          const char *above)
{
    struct buf dn = BUF_INIT(reading->call->arena), *out = &reading->call->out;

    if (!filter_takes_container(reading->filter, class_name))
        return;
    buf_add_format(&dn, "%s=", type);
    vcard_add_dn_value(&dn, name);
    if (above)
        buf_add_format(&dn, ",%s", above);
    vcard_add_container(out, buf_text(&dn), class_name, type, name);
    reading->found++;
    (void)entry_is_sent(reading);
}

/* The base itself, and the lists below an organisation. */
static void add_containers(struct reading *reading)
{
    enum slapd_scope scope = reading->call->request->scope;

    if (reading->entry_parts > 0)
        return;
    if (scope != SLAPD_SCOPE_ONE && reading->is_top)
        add_container(reading, "organization", "o", reading->organisation, NULL);
    else if (scope != SLAPD_SCOPE_ONE)
        add_container(reading, "organizationalUnit", "ou", reading->book->name, organisation_name(reading));
    for (size_t i = 1; scope != SLAPD_SCOPE_BASE && reading->is_top && i < reading->book_count; i++)
        add_container(reading, "organizationalUnit", "ou", reading->books[i].name, reading->below);
}

static bool is_named_entry(const struct reading *reading, const struct book_card *card)
{
    return reading->entry_parts == 0 ||
           (card->address_count > 0 && strcasecmp(card->addresses[0], reading->base.parts[0].value) == 0);
}

/* Some of those found, as entries. */
static bool send_cards(struct reading *reading, const int64_t *ids, size_t count, bool *goes_on_out,
                       struct err *err)
{
    struct slapd_call *call = reading->call;
    bool shows_photo = slapd_request_names(call->request, "jpegPhoto");
    void *scratch = talloc_new(NULL);
    struct book_card *cards;
    bool ok = book_cards(call->options->directory, NULL, scratch, reading->organisation_id, ids, count,
                         &cards, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        char uid[BOOK_UID_TEXT];
        struct vcard card = book_vcard(&cards[i], uid);
        if (!is_named_entry(reading, &cards[i]))
            continue;
        if (!shows_photo)
            card.photo = span_text("");
        vcard_add_ldif(&call->out, &card, reading->below);
        reading->found++;
    }
    *goes_on_out = ok && entry_is_sent(reading);
    talloc_free(scratch);
    return ok;
}

/* The filter for the directory; false: nobody can be found. */
static bool query_for_people(struct reading *reading, const char **query_out)
{
    struct slapd_call *call = reading->call;
    struct buf out = BUF_INIT(call->arena);
    char *asked;
    enum filter_says said = filter_of_people(call->arena, reading->filter, &asked);

    if (said == FILTER_NEVER || (reading->entry_parts == 0 && call->request->scope == SLAPD_SCOPE_BASE) ||
        (reading->entry_parts > 0 && call->request->scope == SLAPD_SCOPE_ONE))
        return false;
    if (asked)
        buf_add_text(&out, asked);
    if (reading->entry_parts > 0)
        filter_add_address(&out, reading->base.parts[0].value);
    *query_out = out.length > 0 ? buf_text(&out) : NULL;
    return true;
}

static size_t limit_of(const struct slapd_request *request)
{
    return request->size_limit > 0 && request->size_limit < SLAPD_ENTRIES_MAX ? request->size_limit
                                                                              : SLAPD_ENTRIES_MAX;
}

/* *result_out: how it ends where nothing goes wrong. */
static bool send_people(struct reading *reading, enum ldap_result *result_out, struct err *err)
{
    struct slapd_call *call = reading->call;
    size_t limit = limit_of(call->request), count = 0;
    const char *query = NULL;
    bool goes_on = true;
    int64_t *ids;

    if (!query_for_people(reading, &query))
        return true;
    if (!book_find(call->options->directory, call->arena, reading->organisation_id, reading->book, query,
                   limit + 1, &ids, &count, err))
        return false;
    *result_out = count + reading->found > limit ? RESULT_SIZE_LIMIT : RESULT_SUCCESS;
    count = count < limit ? count : limit;
    for (size_t i = 0; goes_on && i < count; i += CARDS_AT_ONCE)
        if (!send_cards(reading, ids + i, count - i < CARDS_AT_ONCE ? count - i : CARDS_AT_ONCE, &goes_on,
                        err))
            return false;
    if (!goes_on)
        *result_out = RESULT_ADMIN_LIMIT;
    return true;
}

void slapd_search(struct slapd_call *call)
{
    struct reading reading = { .call = call };
    enum ldap_result result = RESULT_SUCCESS;
    struct err err = ERR_INIT;

    if (!enter(&reading, &err) || !find_place(&reading, &err)) {
        if (err.kind == ERR_AUTH)
            slapd_result(call, RESULT_NO_RIGHTS, err.user);
        else
            slapd_result_of(call, &err);
        return;
    }
    if (filter_read(call->arena, call->request->filter, &reading.filter) != LDAP_FILTER_GOOD) {
        slapd_result(call, RESULT_UNWILLING, cannot_filter);
        return;
    }
    add_containers(&reading);
    if (!send_people(&reading, &result, &err))
        slapd_result_of(call, &err);
    else
        slapd_result(call, result, NULL);
}
