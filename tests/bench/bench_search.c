/*
 * bench_search.c -- substring and word searches in one folder of many small messages.
 *
 *   bench_search FOLDER [MESSAGES]     FOLDER: where its private PostgreSQL lives; kept, so that a second run measures at once
 */
#include "base/buf.h"
#include "base/clock.h"
#include "db/cluster.h"
#include "db/migrate.h"
#include "db/statement.h"
#include "group/store.h"
#include "mailbox/filing.h"
#include "mailbox/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <unistd.h>

static struct group *group;

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "bench_search: %s / %s\n", err->user, err->log);
    exit(1);
}

/* About 2.4 KB of words from a vocabulary of 20,000. */
static struct span make_message(void *owner, unsigned number)
{
    struct buf mail = BUF_INIT(owner);
    unsigned seed = number * 7919 + 1;

    buf_add_format(&mail,
                   "From: Sender %u <s%u@example.org>\r\nTo: user@example.net\r\nSubject: Report %u\r\n"
                   "Message-ID: <%u@example.org>\r\nDate: Mon, 02 Jan 2006 15:04:05 +0000\r\n\r\n",
                   number % 300, number % 300, number, number);
    while (mail.length < 2600) {
        for (int i = 0; i < 10; i++) {
            unsigned word = (unsigned)rand_r(&seed) % 20000;
            while (word > 0) {
                buf_add_text(&mail, (const char *[]){ "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po",
                                                      "ru", "sa", "te", "vi", "zo", "ka", "ler" }[word % 16]);
                word /= 16;
            }
            buf_add_byte(&mail, ' ');
        }
        buf_add_text(&mail, "\r\n");
    }
    if (number % 5000 == 17)
        buf_add_text(&mail, "the needle in the haystack\r\n");
    return buf_span(&mail);
}

static void fill(int64_t first, int64_t messages)
{
    enum { BATCH = 200 };
    struct err err = ERR_INIT;
    struct db *db;

    must(group_acquire(group, DB_UNLIMITED, &db, &err), &err);
    for (; first < messages; first += BATCH) {
        void *arena = talloc_new(NULL);
        struct filing filings[BATCH] = { 0 };
        struct filing_target targets[BATCH] = { 0 };
        struct filing_batch batch = { .filings = filings, .count = BATCH };
        for (int i = 0; i < BATCH; i++) {
            targets[i].mailbox_id = 1;
            filings[i] = (struct filing){ .draft = message_prepare(
                                              arena, make_message(arena, (unsigned)first + (unsigned)i)),
                                          .targets = &targets[i],
                                          .target_count = 1 };
        }
        must(filing_run(group, db, arena, &batch, &err), &err);
        talloc_free(arena);
    }
    db_release(&db);
}

static int64_t number_of(const char *sql)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct db *db;
    struct db_row row;

    must(group_acquire(group, DB_INTERACTIVE, &db, &err), &err);
    must(db_one_row(db, arena, sql, DB_NO_ARGS, &row, &err), &err);
    int64_t number = db_get_i64(&row, 0);
    db_release(&db);
    talloc_free(arena);
    return number;
}

static void search(int64_t folder_id, enum search_where where, const char *name, const char *needle)
{
    for (int i = 0; i < 3; i++) {
        void *arena = talloc_new(NULL);
        struct search_key key = { .where = where,
                                  .field = span_text("subject"),
                                  .needle = span_text(needle) };
        struct search_uids found;
        struct err err = ERR_INIT;
        int64_t start_us = clock_monotonic_us();
        must(mailbox_search(group, arena, folder_id, NULL, &key, 1, 0, &found, &err), &err);
        printf("%-8s %-12s %8zu found %8.1f ms\n", name, needle, found.count,
               (double)(clock_monotonic_us() - start_us) / 1000);
        talloc_free(arena);
    }
}

static void search_words(const char *words)
{
    void *arena = talloc_new(NULL);
    struct search_hit *hits;
    struct err err = ERR_INIT;
    size_t count;
    int64_t start_us = clock_monotonic_us();

    must(mailbox_search_words(group, arena, 1, span_text(words), 100, &hits, &count, &err), &err);
    printf("%-8s %-12s %8zu found %8.1f ms\n", "words", words, count,
           (double)(clock_monotonic_us() - start_us) / 1000);
    talloc_free(arena);
}

static void index_all(const char *what, bool (*step)(struct group *, size_t, size_t *, struct err *))
{
    int64_t start_us = clock_monotonic_us();
    size_t done, total = 0;

    do {
        struct err err = ERR_INIT;
        must(step(group, 500, &done, &err), &err);
        total += done;
    } while (done > 0);
    printf("%s: %zu messages in %.1f s\n", what, total,
           (double)(clock_monotonic_us() - start_us) / (double)US_PER_S);
}

int main(int argc, char **argv)
{
    void *owner = talloc_new(NULL);
    struct groups *groups;
    struct cluster *cluster;
    struct err err = ERR_INIT;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_search FOLDER [MESSAGES]\n");
        return 2;
    }
    const struct cluster_options options = { .directory = argv[1],
                                             .run_as = getuid() == 0 ? "postgres" : NULL };
    must(cluster_start(owner, &options, &cluster, &err), &err);
    must(cluster_create_database(cluster, "search", &err), &err);
    must(groups_open(owner, &(struct groups_options){ .pool_size = 4 }, &groups, &err), &err);
    must(groups_put(groups, 1, cluster_conninfo(owner, cluster, "search"), &err), &err);
    must(group_find(groups, 1, &group, &err), &err);
    must(db_migrate(group_pool(group), &db_schema_group, &err), &err);
    must(group_initialise(group_pool(group), 1, &err), &err);
    must(store_put(group, &(struct store_options){ .store_id = 1, .name = "bench" }, &err), &err);
    must(
        mailbox_create(
            group,
            &(struct mailbox_options){
                .mailbox_id = 1, .store_id = 1, .organisation_id = 1, .domain_id = 1, .is_inbox_only = true },
            &err),
        &err);
    int64_t start_us = clock_monotonic_us();
    int64_t present = number_of("SELECT uidnext - 1 FROM folder WHERE mailbox_id = 1");
    fill(present, argc > 2 ? atoi(argv[2]) : 100000);
    printf("filled in %.1f s\n", (double)(clock_monotonic_us() - start_us) / (double)US_PER_S);
    index_all("text", mailbox_index_step);
    int64_t inbox = number_of("SELECT folder_id FROM folder WHERE mailbox_id = 1");
    printf("rows %lld, stored %lld MB\n", (long long)number_of("SELECT count(*) FROM search_text"),
           (long long)number_of("SELECT sum(length(data)) / 1000000 FROM search_text"));
    search(inbox, SEARCH_BODY, "body", "haystack");
    search(inbox, SEARCH_BODY, "body", "zeppelin");
    search(inbox, SEARCH_TEXT, "text", "haystack");
    search(inbox, SEARCH_BODY, "body", "ba");
    search(inbox, SEARCH_HEADER, "header", "report 77");
    if (argc > 3) {
        index_all("words", mailbox_words_step);
        search_words("haystack");
        search_words("bace diler");
    }
    groups_close(&groups);
    cluster_stop(&cluster);
    return 0;
}
