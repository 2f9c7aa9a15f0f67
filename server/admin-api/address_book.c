/* address_book.c -- an address book as a file, for programs that are not always here. */
#include "admin_api/call.h"
#include "base/log.h"
#include "directory/book_card.h"
#include "format/vcard.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum book_format { BOOK_VCARD, BOOK_VCARD_3, BOOK_LDIF, BOOK_CSV, BOOK_FORMATS };
static const struct {
    const char *name, *type;
} formats[BOOK_FORMATS] = {
    [BOOK_VCARD] = { "vcard", "text/vcard; charset=utf-8" },
    [BOOK_VCARD_3] = { "vcard3", "text/vcard; charset=utf-8" },
    [BOOK_LDIF] = { "ldif", "text/x-ldif; charset=utf-8" },
    [BOOK_CSV] = { "csv", "text/csv; charset=utf-8; header=present" },
};

struct export
{
    struct directory *directory;
    struct actor actor;
    struct book_walk walk;
    enum book_format format;
    bool is_begun;
};

static void write_card(struct buf *out, const struct export *export, const struct book_card *c)
{
    char uid[BOOK_UID_TEXT];
    const struct vcard card = book_vcard(c, uid);

    if (export->format == BOOK_LDIF)
        vcard_add_ldif(out, &card, "ou=addresses");
    else if (export->format == BOOK_CSV)
        vcard_add_csv(out, &card);
    else
        vcard_add(out, &card, export->format == BOOK_VCARD ? VCARD_4 : VCARD_3);
}

static bool next_page(void *state, struct buf *out)
{
    struct export *export = state;
    struct book_card *cards;
    struct err err = ERR_INIT;
    size_t count;

    if (!export->is_begun && export->format == BOOK_LDIF)
        buf_add_text(
            out,
            "version: 1\n\ndn: ou=addresses\nobjectClass: top\nobjectClass: organizationalUnit\nou: addresses\n\n");
    if (!export->is_begun && export->format == BOOK_CSV)
        vcard_add_csv_head(out);
    export->is_begun = true;
    void *scratch = talloc_new(NULL);
    bool ok = book_page(export->directory, &export->actor, scratch, &export->walk, &cards, &count, &err);
    for (size_t i = 0; ok && i < count; i++)
        write_card(out, export, &cards[i]);
    if (!ok)
        log_err(LOG_LEVEL_WARNING, "admin.address_book", &err);
    talloc_free(scratch);
    return ok;
}

static void release(void *state)
{
    talloc_free(state);
}

static const char *kept(const struct export *export, const char *text)
{
    return text ? talloc_strdup(export, text) : NULL;
}

static bool read_format(const struct admin_call *call, enum book_format *format_out, struct err *err)
{
    const char *name = http_query(call->request, "format");

    for (int i = 0; i < BOOK_FORMATS; i++)
        if (strcmp(formats[i].name, name ? name : "vcard") == 0) {
            *format_out = (enum book_format)i;
            return true;
        }
    return err_set(err, ERR_INVALID, "An address book is written as vcard, vcard3, ldif or csv.");
}

bool address_book_export(struct admin_call *call, struct err *err)
{
    struct book_walk first = { .owner = call->arena, .list = http_query(call->request, "list") };
    struct export *export = talloc_zero(NULL, struct export);
    struct book_card *cards;
    size_t count;

    /* the first page is asked for here, too: what is wrong with the question is said before anything is sent */
    if (!read_format(call, &export->format, err) || !call_organisation(call, &first.organisation_id, err) ||
        !book_page(call->api->options.directory, &call->actor, call->arena, &first, &cards, &count, err)) {
        talloc_free(export);
        return false;
    }
    export->directory = call->api->options.directory;
    export->walk = (struct book_walk){ .owner = export,
                                       .organisation_id = first.organisation_id,
                                       .list = kept(export, first.list) };
    export->actor = (struct actor){ .name = kept(export, call->actor.name),
                                    .organisation_id = call->actor.organisation_id,
                                    .within = kept(export, call->actor.within) };
    call->is_answered = true;
    http_reply_type(call->reply, formats[export->format].type);
    http_reply_stream(call->reply, next_page, release, export);
    return true;
}
