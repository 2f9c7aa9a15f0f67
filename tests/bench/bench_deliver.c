/*
 * bench_deliver.c -- how many messages a second come durably through the door: parse, compress, commit. No SMTP.
 *
 *   bench_deliver FOLDER [SECONDS [WORDS]]   FOLDER: where its private PostgreSQL (with fsync) lives; WORDS: only rows with them
 *
 * Each row is one load: N threads, small (4 KB) or corpus-like sizes (median 16 KB, mean 60 KB), into 100 mailboxes or all
 * into one. Read ratios, not absolute values, unless the machine is yours alone.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "db/cluster.h"
#include "db/migrate.h"
#include "deliver/deliver.h"
#include "group/store.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

enum { MAILBOXES = 100, CORPUS = 500 };

static struct span corpus[CORPUS], small[CORPUS];
static struct deliver *deliver;

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "bench_deliver: %s / %s\n", err->user, err->log);
    exit(1);
}

/* Text that compresses about as mail does: words, and for the larger ones base64 of noise. */
static struct span make_message(void *owner, unsigned number, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf mail = BUF_INIT(owner);
    unsigned seed = number;

    buf_add_format(
        &mail,
        "From: Sender %u <s%u@example.org>\r\nTo: user@example.net\r\nSubject: Report %u of the week\r\n"
        "Message-ID: <%u.%u@example.org>\r\nDate: Mon, 02 Jan 2006 15:04:05 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n",
        number, number, number, number, seed);
    size_t text = length < 8000 ? length : 8000;
    while (mail.length < text)
        buf_add_format(&mail, "The %x of %x was seen near line %u by %x and others.\r\n",
                       rand_r(&seed) & 0xfff, rand_r(&seed) & 0xfff, rand_r(&seed) % 1000,
                       rand_r(&seed) & 0xff);
    buf_add_text(&mail, "--b\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
                        "Content-Transfer-Encoding: base64\r\n\r\n");
    while (mail.length < length) {
        char line[78];
        for (int i = 0; i < 76; i++)
            line[i] = digits[rand_r(&seed) & 63];
        memcpy(line + 76, "\r\n", 2);
        buf_add(&mail, line, sizeof line);
    }
    buf_add_text(&mail, "--b--\r\n");
    return buf_span(&mail);
}

/* Log-normal with median 16 KB; sigma 1.5 gives a mean near 50 KB; cut at 4.2 MB. */
static size_t corpus_size(unsigned *seed)
{
    double u = (rand_r(seed) + 1.0) / (RAND_MAX + 2.0), v = (rand_r(seed) + 1.0) / (RAND_MAX + 2.0);
    double size = 16000 * exp(1.5 * sqrt(-2 * log(u)) * cos(2 * M_PI * v));

    return size < 1000 ? 1000 : size > 4.2e6 ? 4200000 : (size_t)size;
}

static double make_corpus(void *owner)
{
    unsigned seed = 42;
    double total = 0;

    for (unsigned i = 0; i < CORPUS; i++) {
        corpus[i] = make_message(owner, i, corpus_size(&seed));
        small[i] = make_message(owner, i, 4000);
        total += (double)span_length(corpus[i]);
    }
    return total / CORPUS;
}

struct load {
    const char *what;
    int threads;
    const struct span *messages;
    int mailboxes;
    int recipients;
};

struct run {
    const struct load *load;
    int64_t end_us;
    atomic_int turn, failed;
    atomic_llong delivered;
};

/* Each message is made distinct (a fresh Message-ID of the same length), or the store would keep it once. */
static struct span distinct(void *arena, struct span message, int turn)
{
    char *copy = talloc_memdup(arena, message.p, span_length(message));
    char *id = strstr(copy, "Message-ID: <");
    char digits[17];
    uint8_t random[8];

    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), digits);
    memcpy(id + 13, digits, 8);
    (void)turn;
    return span_of(copy, span_length(message));
}

static void *work(void *arg)
{
    struct run *run = arg;
    struct err err;

    while (clock_monotonic_us() < run->end_us) {
        int turn = atomic_fetch_add(&run->turn, 1);
        void *arena = talloc_pool(NULL, 256 * 1024);
        struct deliver_recipient to[20] = { 0 };
        for (int i = 0; i < run->load->recipients; i++)
            to[i] = (struct deliver_recipient){
                .group_id = 1, .target = { .mailbox_id = 1 + (turn + i) % run->load->mailboxes }
            };
        struct span message = distinct(arena, run->load->messages[turn % CORPUS], turn);
        must(deliver_message(deliver, message_prepare(arena, message), clock_now_us(), to,
                             (size_t)run->load->recipients, &err),
             &err);
        for (int i = 0; i < run->load->recipients; i++) {
            atomic_fetch_add(&run->delivered, to[i].target.is_filed);
            atomic_fetch_add(&run->failed, !to[i].target.is_filed);
        }
        talloc_free(arena);
    }
    return NULL;
}

static void measure(const struct load *load, int seconds)
{
    pthread_t threads[64];
    int64_t start_us = clock_monotonic_us();
    struct run run = { .load = load, .end_us = start_us + seconds * US_PER_S };

    for (int i = 0; i < load->threads; i++)
        if (pthread_create(&threads[i], NULL, work, &run) != 0)
            abort();
    for (int i = 0; i < load->threads; i++)
        pthread_join(threads[i], NULL);
    double passed = (double)(clock_monotonic_us() - start_us) / (double)US_PER_S;
    printf("%-44s %8.0f /s   failed %d\n", load->what, (double)atomic_load(&run.delivered) / passed,
           atomic_load(&run.failed));
    fflush(stdout);
}

static struct cluster *open_store(void *owner, const char *folder, struct groups **groups_out)
{
    struct err err = ERR_INIT;
    struct cluster *cluster;
    struct db_pool *pool;
    struct group *group;
    const struct cluster_options options = { .directory = folder,
                                             .run_as = getuid() == 0 ? "postgres" : NULL };

    must(cluster_start(owner, &options, &cluster, &err), &err);
    must(cluster_create_database(cluster, "bench", &err), &err);
    char *conninfo = cluster_conninfo(owner, cluster, "bench");
    must(db_pool_open(owner, &(struct db_pool_options){ .conninfo = conninfo }, &pool, &err), &err);
    must(db_migrate(pool, &db_schema_group, &err), &err);
    must(group_initialise(pool, 1, &err), &err);
    db_pool_close(&pool);
    must(groups_open(owner, &(struct groups_options){ .pool_size = 8 }, groups_out, &err), &err);
    must(groups_put(*groups_out, 1, conninfo, &err), &err);
    must(group_find(*groups_out, 1, &group, &err), &err);
    must(store_put(group, &(struct store_options){ .store_id = 1, .name = "bench" }, &err), &err);
    for (int i = 1; i <= MAILBOXES; i++)
        must(mailbox_create(group,
                            &(struct mailbox_options){
                                .mailbox_id = i, .store_id = 1, .organisation_id = 1, .domain_id = 1 },
                            &err),
             &err);
    return cluster;
}

int main(int argc, char **argv)
{
    static const struct load loads[] = {
        { "corpus,  1 thread,  100 mailboxes", 1, corpus, MAILBOXES, 1 },
        { "corpus, 10 threads, 100 mailboxes", 10, corpus, MAILBOXES, 1 },
        { "corpus, 50 threads, 100 mailboxes", 50, corpus, MAILBOXES, 1 },
        { "corpus, 50 threads, one mailbox", 50, corpus, 1, 1 },
        { "small,   1 thread,  100 mailboxes", 1, small, MAILBOXES, 1 },
        { "small,  10 threads, 100 mailboxes", 10, small, MAILBOXES, 1 },
        { "small,  50 threads, 100 mailboxes", 50, small, MAILBOXES, 1 },
        { "small,  50 threads, one mailbox", 50, small, 1, 1 },
        { "small,  10 threads, 20 recipients (copies)", 10, small, MAILBOXES, 20 },
    };
    void *owner = talloc_new(NULL);
    struct groups *groups;
    struct err err = ERR_INIT;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_deliver FOLDER [SECONDS [WORDS]]\n");
        return 2;
    }
    struct cluster *cluster = open_store(owner, argv[1], &groups);
    printf("corpus: mean %.0f bytes\n", make_corpus(owner));
    const char *committers = getenv("COMMITTERS");
    must(deliver_open(owner,
                      &(struct deliver_options){ .groups = groups,
                                                 .committers = committers ? (unsigned)atoi(committers) : 0 },
                      &deliver, &err),
         &err);
    for (size_t i = 0; i < COUNT_OF(loads); i++)
        if (argc < 4 || strstr(loads[i].what, argv[3]))
            measure(&loads[i], argc > 2 ? atoi(argv[2]) : 5);
    deliver_close(&deliver);
    groups_close(&groups);
    cluster_stop(&cluster);
    return 0;
}
