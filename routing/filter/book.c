/* book.c -- reading the book anew when its stamp was raised. */
#include "filter/book.h"

#include "base/clock.h"
#include "base/log.h"
#include "directory/filter_setting.h"
#include "filter/access.h"
#include "filter/dkim.h"
#include "filter/rule.h"

#include <string.h>
#include <talloc.h>

static int free_tables(struct book *book)
{
    g_hash_table_destroy(book->organisations);
    g_hash_table_destroy(book->domains);
    g_hash_table_destroy(book->access);
    return 0;
}

static struct book *book_new(void)
{
    struct book *book = talloc_zero(NULL, struct book);

    book->organisations = g_hash_table_new(g_int64_hash, g_int64_equal);
    book->domains = g_hash_table_new(g_int64_hash, g_int64_equal);
    book->access = g_hash_table_new(g_str_hash, g_str_equal);
    talloc_set_destructor(book, free_tables);
    filter_settings_init(&book->installation);
    return book;
}

/* The settings of a level, made from those above when it is first met. */
static struct filter_settings *level(struct book *book, GHashTable *table, int64_t id,
                                     const struct filter_settings *above)
{
    struct filter_settings *found = g_hash_table_lookup(table, &id);
    int64_t *key;

    if (found)
        return found;
    key = talloc(book, int64_t);
    *key = id;
    found = talloc(book, struct filter_settings);
    *found = *above;
    g_hash_table_insert(table, key, found);
    return found;
}

enum pass { OF_INSTALLATION, OF_ORGANISATIONS, OF_DOMAINS, PASSES };

static enum pass pass_of(const struct filter_setting *s)
{
    return s->domain_id ? OF_DOMAINS : s->organisation_id ? OF_ORGANISATIONS : OF_INSTALLATION;
}

static struct filter_settings *settings_of(struct book *book, const struct filter_setting *s)
{
    struct filter_settings *own = &book->installation;

    if (s->organisation_id)
        own = level(book, book->organisations, s->organisation_id, own);
    return s->domain_id ? level(book, book->domains, s->domain_id, own) : own;
}

static bool read_settings(struct book *book, struct directory *directory, struct err *err)
{
    struct filter_setting *settings;
    size_t count;

    if (!filter_setting_load(directory, book, &settings, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        book->has_greylist = book->has_greylist || (strcmp(settings[i].name, "greylist") == 0 &&
                                                    strcmp(settings[i].value, "on") == 0);
    for (enum pass pass = OF_INSTALLATION; pass < PASSES; pass++)
        for (size_t i = 0; i < count; i++)
            if (pass_of(&settings[i]) == pass)
                filter_settings_set(settings_of(book, &settings[i]), settings[i].name, settings[i].value);
    return true;
}

static struct book *book_read(struct directory *directory, int64_t stamp, struct err *err)
{
    struct book *book = book_new();

    book->stamp = stamp;
    if (read_settings(book, directory, err) && access_read(book, directory, err) &&
        dkim_book_read(book, directory, &book->keys, err) &&
        rule_book_read(book, directory, &book->rules, err))
        return book;
    talloc_free(book);
    return NULL;
}

const struct filter_settings *book_settings(const struct book *book, int64_t organisation_id,
                                            int64_t domain_id)
{
    const struct filter_settings *found = domain_id ? g_hash_table_lookup(book->domains, &domain_id) : NULL;

    if (!found && organisation_id)
        found = g_hash_table_lookup(book->organisations, &organisation_id);
    return found ? found : &book->installation;
}

/* ---- the shelf */

void shelf_open(struct shelf *shelf, struct directory *directory)
{
    *shelf = (struct shelf){ .directory = directory };
    pthread_mutex_init(&shelf->lock, NULL);
}

void shelf_close(struct shelf *shelf)
{
    TALLOC_FREE(shelf->book);
    pthread_mutex_destroy(&shelf->lock);
}

struct book *book_peek(struct shelf *shelf)
{
    struct book *book;

    pthread_mutex_lock(&shelf->lock);
    book = shelf->book;
    if (book)
        book->users++;
    pthread_mutex_unlock(&shelf->lock);
    return book;
}

static bool is_fresh(struct shelf *shelf, int64_t age_us)
{
    bool fresh;

    pthread_mutex_lock(&shelf->lock);
    fresh = shelf->book && age_us > 0 && shelf->looked_us + age_us > clock_monotonic_us();
    pthread_mutex_unlock(&shelf->lock);
    return fresh;
}

/* `fresh` NULL: the one there is the newest. A book put back by somebody slower than us stays away. */
static void put(struct shelf *shelf, struct book *fresh, int64_t looked_us)
{
    struct book *old = NULL;

    pthread_mutex_lock(&shelf->lock);
    if (fresh && (!shelf->book || fresh->stamp > shelf->book->stamp)) {
        old = shelf->book && shelf->book->users == 0 ? shelf->book : NULL;
        shelf->book = fresh;
    } else {
        old = fresh;
    }
    if (looked_us > shelf->looked_us)
        shelf->looked_us = looked_us;
    pthread_mutex_unlock(&shelf->lock);
    talloc_free(old);
}

struct book *book_take(struct shelf *shelf, int64_t age_us)
{
    struct err err = ERR_INIT;
    struct book *book, *fresh = NULL;
    int64_t stamp, looked_us;

    if (is_fresh(shelf, age_us))
        return book_peek(shelf);
    looked_us = clock_monotonic_us();
    if (!filter_stamp(shelf->directory, &stamp, &err)) {
        log_err(LOG_LEVEL_WARNING, "filter.settings", &err);
        return book_peek(shelf);
    }
    book = book_peek(shelf);
    if (!book || book->stamp != stamp)
        fresh = book_read(shelf->directory, stamp, &err);
    if (err.kind != ERR_NONE)
        log_err(LOG_LEVEL_WARNING, "filter.settings", &err);
    book_release(shelf, &book);
    put(shelf, fresh, err.kind == ERR_NONE ? looked_us : 0);
    return book_peek(shelf);
}

void book_release(struct shelf *shelf, struct book **book)
{
    struct book *unused = NULL;

    if (!*book)
        return;
    pthread_mutex_lock(&shelf->lock);
    if (--(*book)->users == 0 && *book != shelf->book)
        unused = *book;
    pthread_mutex_unlock(&shelf->lock);
    talloc_free(unused);
    *book = NULL;
}
