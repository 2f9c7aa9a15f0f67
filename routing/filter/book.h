/*
 * book.h -- all that filters know of the directory, at one moment: settings, block and allow lists, keys, rules.
 *
 * A book does not change; a new one is read when the stamp in the directory was raised. Whoever holds one gives it
 * back with book_release(). While the directory is down the last book is used.
 *
 * Threads  a shelf may be used from any thread.
 */
#ifndef FILTER_BOOK_H
#define FILTER_BOOK_H

#include "base/net.h"
#include "filter/settings.h"

#include <glib.h>
#include <pthread.h>

struct directory;
struct dkim_book;
struct rule_book;

struct book {
    int users; /* under the shelf's lock */
    int64_t stamp;
    struct filter_settings installation;
    GHashTable *organisations; /* int64_t id -> struct filter_settings */
    GHashTable *domains;       /* the same by domain id */
    GHashTable *access;        /* words of access.c -> int64_t until when (0: always) */
    bool has_bits[129];        /* lengths of the networks in it */
    bool has_greylist;         /* some domain uses it */
    struct dkim_book *keys;    /* dkim_sign.c */
    struct rule_book *rules;
};

struct shelf {
    struct directory *directory;
    pthread_mutex_t lock;
    struct book *book; /* NULL: none could be read yet */
    int64_t looked_us; /* when the stamp was last compared */
};

/* No book on it yet; the directory must outlive it. */
void shelf_open(struct shelf *shelf, struct directory *directory);
/* Nobody holds a book any more. */
void shelf_close(struct shelf *shelf);

/* The book as it is now, not older than `age_us`. NULL only while none could ever be read. */
struct book *book_take(struct shelf *shelf, int64_t age_us);
/* The last one that was read, without asking the database; NULL where there is none. */
struct book *book_peek(struct shelf *shelf);
/* Accepts and sets NULL. */
void book_release(struct shelf *shelf, struct book **book);

/* 0, 0: the installation's. Never NULL. */
const struct filter_settings *book_settings(const struct book *book, int64_t organisation_id,
                                            int64_t domain_id);

#endif
