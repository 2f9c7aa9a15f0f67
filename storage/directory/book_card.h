/*
 * book_card.h -- address books as programs are shown them: which there are for somebody, who is in them, and all that is known of each.
 *
 * The global one has everybody of the organisation whom address_book.h shows; others have those of them whom their filter selects, and may
 * be there for the members of a group only. Two askers: a reader who has logged in, and an administrator (with an actor).
 *
 * Errors   ERR_NOT_FOUND: no such book, or not for him; ERR_BUSY: the database is down.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_BOOK_CARD_H
#define DIRECTORY_BOOK_CARD_H

#include "directory/user.h"
#include "format/vcard.h"

/* What names somebody in vCards, for ever. */
#define BOOK_UID_FORMAT "chappe-recipient-%lld"
enum { BOOK_CARDS_MAX = 1000, BOOK_TAG_TEXT = 33, BOOK_UID_TEXT = 48, BOOKS_MAX = 200 };

struct book {
    const char *name;  /* NULL: the global one */
    const char *query; /* NULL: everybody */
};
/* The global one first, then the lists that this reader (primary address) may see, in their order. Under `owner`. */
MUST_CHECK bool books_list(struct directory *directory, const void *owner, int64_t organisation_id,
                           const char *reader, struct book **books_out, size_t *count_out, struct err *err);

struct book_member {
    int64_t recipient_id;
    char tag[BOOK_TAG_TEXT]; /* another one as soon as anything of his card is */
};
/* Who is in it, sorted by name; `only`: 0, or this one if he is. */
MUST_CHECK bool book_members(struct directory *directory, const void *owner, int64_t organisation_id,
                             const struct book *book, int64_t only, struct book_member **members_out,
                             size_t *count_out, struct err *err);
/* Those of a book whom a filter over recipients (list.h; NULL: everybody) selects, by their numbers, the first `most` in the
 * order of their names. ERR_INVALID: the filter, or together with the book's it is too large. */
MUST_CHECK bool book_find(struct directory *directory, const void *owner, int64_t organisation_id,
                          const struct book *book, const char *filter, size_t most, int64_t **ids_out,
                          size_t *count_out, struct err *err);
/* What the organisation is called, and whether this domain ("": none) is one of its own. */
MUST_CHECK bool book_organisation(struct directory *directory, const void *owner, int64_t organisation_id,
                                  const char *domain, const char **name_out, bool *has_domain_out,
                                  struct err *err);
/* The directory's stamp: books do not change while it does not. */
MUST_CHECK bool book_stamp(struct directory *directory, int64_t *stamp_out, struct err *err);

struct book_card {
    int64_t recipient_id;
    char tag[BOOK_TAG_TEXT];
    enum recipient_kind kind;
    const char *name, *given, *family, *initials, *title, *department, *company, *office, *street, *city,
        *postal_code, *state, *country, *phone, *mobile, *fax, *notes;
    const char *manager, *manager_address; /* name, and the first of the manager's addresses */
    const char **addresses;                /* the primary one first; of a contact the one elsewhere */
    size_t address_count;
    struct span photo; /* empty: none */
};
/* As it is written; the strings are the card's, and `uid`, which is filled in. */
struct vcard book_vcard(const struct book_card *card, char uid[BOOK_UID_TEXT]);
/* Of these, at most BOOK_CARDS_MAX; who is not (any more) shown is left out. Sorted by name; under `owner`. `actor` NULL: for a reader. */
MUST_CHECK bool book_cards(struct directory *directory, const struct actor *actor, const void *owner,
                           int64_t organisation_id, const int64_t *ids, size_t id_count,
                           struct book_card **cards_out, size_t *count_out, struct err *err);
/* How far an administrator's walk through a book has come, who sees it whole. `list` NULL: the global one. The rest is zero at the
 * beginning, and lies under `owner`. */
struct book_walk {
    const void *owner;
    int64_t organisation_id;
    const char *list;
    const char *name; /* the last one */
    int64_t recipient_id;
    int64_t *ids; /* of a list, as it was at the beginning */
    size_t id_count, next;
};
/* The next ones by name, at most BOOK_CARDS_MAX; none: that was all. */
MUST_CHECK bool book_page(struct directory *directory, const struct actor *actor, const void *owner,
                          struct book_walk *walk, struct book_card **cards_out, size_t *count_out,
                          struct err *err);

#endif
