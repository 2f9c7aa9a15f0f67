/* sign.c -- which key, and whether to sign or to seal. */
#include "filter/sign.h"

#include "base/clock.h"
#include "filter/arc.h"
#include "filter/auth_results.h"
#include "filter/book.h"
#include "filter/dkim_book.h"
#include "format/address.h"
#include "format/header.h"

#include <string.h>
#include <talloc.h>

enum { BOOK_AGE_US = 1000000 };

struct signer {
    struct signer_options options;
    struct shelf shelf;
};

bool signer_open(const void *owner, const struct signer_options *options, struct signer **signer_out,
                 struct err *err)
{
    struct signer *signer = talloc_zero(owner, struct signer);

    (void)err;
    signer->options = *options;
    shelf_open(&signer->shelf, options->directory);
    *signer_out = signer;
    return true;
}

void signer_close(struct signer **signer)
{
    if (!*signer)
        return;
    shelf_close(&(*signer)->shelf);
    TALLOC_FREE(*signer);
}

enum signer_kind signer_kind_of(const char *origin)
{
    static const struct {
        const char *origin;
        enum signer_kind kind;
    } kinds[] = { { "smtp", SIGNER_HANDED_ON },
                  { "redirect", SIGNER_HANDED_ON },
                  { "lmtp", SIGNER_PASSES_BY },
                  { "submission", SIGNER_PASSES_BY } };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].origin, origin) == 0)
            return kinds[i].kind;
    return SIGNER_OURS;
}

/* ---- what is made here */

static const char *author_domain(void *arena, struct span header)
{
    struct header_field field;
    struct address_list list;
    char *domain;

    if (header_count(header, "From") != 1 || !header_find(header, "From", &field))
        return NULL;
    address_list_parse(arena, field.value, &list);
    if (list.count != 1 || !list.items[0].domain ||
        address_domain(arena, span_text(list.items[0].domain), &domain) != ADDRESS_GOOD)
        return NULL;
    return domain;
}

/* mail.example.org is signed by the key of example.org where it has none of its own: that is aligned (RFC 7489, 3.1). */
static bool add_signatures(const struct book *book, void *arena, const struct signer_question *q,
                           struct buf *out, struct err *err)
{
    int64_t now_us = clock_now_us();
    const char *domain = author_domain(arena, span_of(q->message.p, header_block_length(q->message)));

    domain = domain ? dkim_book_domain_for(book->keys, domain, now_us) : NULL;
    return !domain || dkim_add_signatures(book->keys, domain, now_us, q->message, out, err);
}

/* ---- what is handed on */

/* What this server found when the message came: our own field is the first that bears our name. *chain_out: what it says of
 * the chain; false where it says nothing of it. */
static bool read_results(const struct signer *signer, struct span header, struct span *results_out,
                         enum arc_result *chain_out)
{
    struct header_field field;
    struct auth_method method;

    while (header_next(&header, &field)) {
        struct span in = field.value;

        if (!span_equals_nocase(field.name, "Authentication-Results") ||
            !auth_results_begin(&in, signer->options.host_name))
            continue;
        *results_out = in;
        while (auth_results_next(&in, &method))
            for (int i = 0; span_equals_nocase(method.method, "arc") && i <= ARC_FAIL; i++)
                if (span_equals_nocase(method.result, arc_result_name((enum arc_result)i))) {
                    *chain_out = (enum arc_result)i;
                    return true;
                }
        return false;
    }
    return false;
}

/* The domain of the address that it came for, or another one of the same organisation. */
static const struct dkim_key *sealing_key(const struct book *book, const struct signer_question *q,
                                          int64_t now_us)
{
    const char *at = q->recipient_here ? strrchr(q->recipient_here, '@') : NULL;
    const struct dkim_key *key = at ? dkim_book_key(book->keys, at + 1, "rsa", now_us) : NULL;
    const char *other;

    if (key)
        return key;
    other = dkim_book_domain_of(book->keys, q->organisation_id, now_us);
    return other ? dkim_book_key(book->keys, other, "rsa", now_us) : NULL;
}

static bool add_seal(const struct signer *signer, const struct book *book, const struct signer_question *q,
                     struct buf *out, struct err *err)
{
    struct arc_seal seal = { .authserv_id = signer->options.host_name, .now_us = clock_now_us() };
    struct span header = span_of(q->message.p, header_block_length(q->message));

    seal.key = sealing_key(book, q, seal.now_us);
    if (!seal.key || !read_results(signer, header, &seal.results, &seal.chain))
        return true;
    return arc_add_seal(&seal, q->message, out, err);
}

/* A list's copy says in its domain's name how to leave; the seal comes above that. */
static bool sign_for_list(const struct book *book, const struct signer_question *q, const void *owner,
                          struct span *message_io, struct err *err)
{
    struct buf out = buf_owned_by(owner);
    int64_t now_us = clock_now_us();
    const char *domain = q->list_domain ? dkim_book_domain_for(book->keys, q->list_domain, now_us) : NULL;

    if (!domain)
        return true;
    if (!dkim_add_signatures(book->keys, domain, now_us, *message_io, &out, err))
        return false;
    buf_add_span(&out, *message_io);
    *message_io = buf_span(&out);
    return true;
}

static bool hand_on(const struct signer *signer, const struct book *book, const void *owner,
                    const struct signer_question *question, struct span *message_out, struct err *err)
{
    struct signer_question signed_one = *question;
    struct buf out = buf_owned_by(owner);

    if (!sign_for_list(book, question, owner, &signed_one.message, err) ||
        !add_seal(signer, book, &signed_one, &out, err))
        return false;
    buf_add_span(&out, signed_one.message);
    *message_out = buf_span(&out);
    return true;
}

static bool sign_ours(const struct book *book, const void *owner, const struct signer_question *question,
                      struct span *message_out, struct err *err)
{
    struct buf out = buf_owned_by(owner);
    void *arena = talloc_new(NULL);
    bool ok = add_signatures(book, arena, question, &out, err);

    talloc_free(arena);
    buf_add_span(&out, question->message);
    *message_out = buf_span(&out);
    return ok;
}

bool signer_sign(struct signer *signer, const void *owner, const struct signer_question *question,
                 struct span *message_out, struct err *err)
{
    struct book *book;
    bool ok;

    *message_out = question->message;
    if (question->kind == SIGNER_PASSES_BY && !question->list_domain)
        return true;
    book = book_take(&signer->shelf, BOOK_AGE_US);
    if (!book) {
        err_log(err, "the keys of our domains could not be read");
        return err_set(err, ERR_BUSY, "Temporary trouble. Please try again.");
    }
    ok = question->kind == SIGNER_OURS && !question->list_domain
             ? sign_ours(book, owner, question, message_out, err)
             : hand_on(signer, book, owner, question, message_out, err);
    book_release(&signer->shelf, &book);
    return ok;
}
