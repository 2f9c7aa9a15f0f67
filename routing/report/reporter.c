/* reporter.c -- looks for days that are over, and sends what was counted. */
#include "report/reporter.h"

#include "accept/accept.h"
#include "accept/id.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "db/pipeline.h"
#include "db/transaction.h"
#include "directory/report.h"
#include "filter/book.h"
#include "format/address.h"
#include "report/compose.h"
#include "report/letter.h"
#include "report/post.h"
#include "report/posted.h"
#include "report/rua.h"
#include "resolve/resolve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { LOOK_S = 5, AGAIN_S = 3600, DNS_S = 30, BOOK_AGE_US = 1000000 };
/* At once: who takes all the time that he may holds up nobody else while there are not so many of him. */
enum { REPORTERS = 6 };
#define DAY_S INT64_C(86400)

static const char *const kinds[] = { "dmarc", "tls" };
enum { DMARC, TLS, KINDS };
METRIC_COUNTER_BY(sent, "chappe_reports_sent_total", "Reports to other domains", "kind", kinds)

struct worker {
    struct reporter *reporter;
    struct background own;
    bool is_first; /* who also writes down the counts of TLS */
};

struct reporter {
    struct reporter_options options;
    struct shelf shelf;
    struct worker workers[REPORTERS];

    void *held; /* of the first worker: counts of TLS that could not be written down yet */
    struct report_count *counts;
    size_t count;

    pthread_mutex_t lock; /* of `posted`, and of what hangs below it */
    struct posted posted;
};

/* One report on its way. */
struct sending {
    struct reporter *reporter;
    struct background *background; /* of who sends it */
    void *arena;
    const struct report_due *due;
    const struct rua_list *list;
    const char *contact, *id;
    size_t sent; /* messages */
};

/* ---- its way into the queue */

static bool find_way(const struct sending *s, const char *address, struct accept_message *m, struct err *err)
{
    struct resolve_answer answer;
    struct address parsed;

    if (address_parse(s->arena, span_text(address), 0, &parsed) != ADDRESS_GOOD)
        return true;
    if (!resolve(s->reporter->options.directory, s->arena, &parsed, &answer, err))
        return false;
    m->targets = talloc_zero_array(s->arena, struct deliver_recipient, (unsigned)answer.target_count + 1);
    for (size_t i = 0; i < answer.target_count; i++)
        m->targets[m->target_count++] =
            (struct deliver_recipient){ .group_id = answer.targets[i].group_id,
                                        .address = answer.targets[i].address,
                                        .target = { .mailbox_id = answer.targets[i].mailbox_id } };
    m->remotes = talloc_zero_array(s->arena, struct accept_remote, (unsigned)answer.remote_count + 1);
    for (size_t i = 0; i < answer.remote_count; i++)
        m->remotes[m->remote_count++] =
            (struct accept_remote){ .address = answer.remotes[i].address,
                                    .domain = answer.remotes[i].domain,
                                    .why = resolve_why_name(answer.remotes[i].why) };
    return true;
}

/* One message an address: each has its own limit, and its own fate. */
static bool put_one(struct sending *s, struct db *db, const struct rua *rua, struct span packed,
                    struct err *err)
{
    struct accept_recipient recipient = { .address = rua->address, .notify = QUEUE_NOTIFY_NEVER };
    struct accept_message m = { .recipients = &recipient, .recipient_count = 1 };
    struct buf bytes = BUF_INIT(s->arena);
    struct letter letter = { .kind = s->due->kind,
                             .from = s->contact,
                             .to = rua->address,
                             .host_name = s->reporter->options.host_name,
                             .domain = s->due->domain,
                             .id = s->id,
                             .begin_s = s->due->day * DAY_S,
                             .end_s = (s->due->day + 1) * DAY_S - 1,
                             .now_us = clock_now_us(),
                             .packed = packed };

    if (rua->bytes_max && span_length(packed) > rua->bytes_max) {
        log_event(LOG_LEVEL_INFO, "report.too-large", log_text("to", rua->address),
                  log_i64("bytes", (int64_t)span_length(packed)));
        return true;
    }
    buf_add_text(&bytes, "Return-Path: <>\r\n");
    letter_write(&bytes, &letter);
    m.bytes = buf_span(&bytes);
    m.envelope.name = accept_id(s->arena);
    m.envelope.sender = "";
    m.envelope.origin = "report";
    if (span_length(m.bytes) > QUEUE_ADD_MAX || !find_way(s, rua->address, &m, err))
        return span_length(m.bytes) > QUEUE_ADD_MAX;
    if (m.target_count + m.remote_count == 0)
        return true; /* an address here that is gone */
    s->sent++;
    const struct queue_new *new = accept_prepare(s->reporter->options.accept, s->arena, &m);
    return queue_add(db, s->arena, &new, 1, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
}

static struct span packed_report(const struct sending *s, const struct report_count *counts, size_t count)
{
    const struct compose compose = { .kind = s->due->kind,
                                     .host_name = s->reporter->options.host_name,
                                     .contact = s->contact,
                                     .id = s->id,
                                     .domain = s->due->domain,
                                     .begin_s = s->due->day * DAY_S,
                                     .end_s = (s->due->day + 1) * DAY_S - 1 };

    return compose_report(&compose, s->arena, counts, count);
}

static bool put_all(struct db *db, void *arg, struct err *err)
{
    struct sending *s = arg;
    struct report_count *counts;
    struct span packed;
    size_t count;

    s->sent = 0;
    if (!report_take(db, s->arena, s->due, &counts, &count, err))
        return false;
    if (count == 0)
        return true; /* another machine has it */
    packed = packed_report(s, counts, count);
    for (size_t i = 0; i < s->list->count; i++)
        if (!s->list->items[i].is_url && !put_one(s, db, &s->list->items[i], packed, err))
            return false;
    return true;
}

/* ---- its way by HTTPS */

static bool is_posted(struct reporter *r, const char *number, const char *url)
{
    pthread_mutex_lock(&r->lock);
    bool is_posted = posted_has(&r->posted, number, url);
    pthread_mutex_unlock(&r->lock);
    return is_posted;
}

static bool post_one(struct sending *s, const struct post_way *way, const char *url, struct span packed)
{
    struct reporter *r = s->reporter;
    struct err err = ERR_INIT;

    if (is_posted(r, s->id, url))
        return true;
    if (!post_report(way, url, packed, &err)) {
        log_err(LOG_LEVEL_WARNING, "report.post", &err);
        return false;
    }
    pthread_mutex_lock(&r->lock);
    posted_add(&r->posted, r, s->id, url);
    pthread_mutex_unlock(&r->lock);
    metric_add_at(&sent, 1, TLS, 0);
    log_event(LOG_LEVEL_INFO, "report.posted", log_text("domain", s->due->domain), log_text("number", s->id),
              log_text("url", url));
    return true;
}

/* Whether all that is owed by HTTPS is done: taken, or tried for a day in vain (RFC 8460, 5.5). The claim makes the next attempt. */
static bool post_all(struct sending *s, bool *is_done_out, struct err *err)
{
    struct reporter *r = s->reporter;
    const struct post_way way = { .dns = r->options.dns,
                                  .ca_file = r->options.ca_file,
                                  .networks = r->options.networks,
                                  .network_count = r->options.network_count,
                                  .background = s->background };
    struct report_count *counts;
    struct span packed;
    size_t count;

    *is_done_out = false;
    if (!report_read(r->options.directory, s->arena, s->due, &counts, &count, err))
        return false;
    s->id = compose_id(s->arena, counts, count);
    packed = packed_report(s, counts, count);
    *is_done_out = true;
    for (size_t i = 0; i < s->list->count; i++)
        if (s->list->items[i].is_url && !post_one(s, &way, s->list->items[i].address, packed))
            *is_done_out = false;
    *is_done_out |= clock_now_us() / US_PER_S / DAY_S > s->due->day + 1;
    return true;
}

static bool has_url(const struct rua_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].is_url)
            return true;
    return false;
}

static const char *contact_of(const struct reporter *r, const void *owner, const struct book *book)
{
    const char *contact = book->installation.report_contact;

    return *contact ? talloc_strdup(owner, contact)
                    : talloc_asprintf(owner, "postmaster@%s", r->options.host_name);
}

/* False: not now. */
static bool report_one(struct worker *w, const struct book *book, void *arena, const struct report_due *due,
                       struct err *err)
{
    struct reporter *r = w->reporter;
    struct db_pool *pool = directory_pool(r->options.directory, DIRECTORY_LOOKS_UP);
    struct rua_list list;
    bool is_done = true;
    struct sending s = { .reporter = r,
                         .background = &w->own,
                         .arena = arena,
                         .due = due,
                         .list = &list,
                         .contact = contact_of(r, arena, book) };

    s.id = talloc_asprintf(arena, "%" PRId64 ".%s", due->day, accept_id(arena));
    if (!rua_find(r->options.dns, arena, due->kind, due->domain, clock_monotonic_us() + DNS_S * US_PER_S,
                  &list, err))
        return false;
    if (list.count == 0)
        return report_drop(r->options.directory, due, err);
    if (has_url(&list) && !post_all(&s, &is_done, err))
        return false;
    if (!is_done)
        return true;
    if (!with_pool_transaction(pool, DB_BACKGROUND, put_all, &s, err))
        return false;
    metric_add_at(&sent, (int64_t)s.sent, due->kind == kinds[TLS], 0);
    log_event(LOG_LEVEL_INFO, "report.sent", log_text("kind", due->kind), log_text("domain", due->domain),
              log_i64("day", due->day), log_text("number", s.id), log_i64("messages", (int64_t)s.sent));
    return true;
}

/* True where there may be more. What could not be done now is due again when the claim ends. */
static bool look(struct worker *w, const struct book *book, const char *kind)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct report_due due;
    int64_t now_us = clock_now_us();
    bool found = report_claim(w->reporter->options.directory, arena, kind, now_us / US_PER_S / DAY_S, now_us,
                              now_us + AGAIN_S * US_PER_S, &due, &err);

    if (!found && err.kind != ERR_NOT_FOUND)
        log_err(LOG_LEVEL_WARNING, "report.due", &err);
    err = ERR_INIT;
    if (found && !report_one(w, book, arena, &due, &err))
        log_err(LOG_LEVEL_WARNING, "report.later", &err);
    talloc_free(arena);
    return found;
}

/* ---- TLS: from the memory of the ways out into the directory */

static void collect_tls(struct reporter *r, bool is_wanted)
{
    struct err err = ERR_INIT;

    if (!r->options.take_tls)
        return;
    if (r->count == 0) {
        TALLOC_FREE(r->held);
        r->held = talloc_new(NULL);
        r->options.take_tls(r->options.arg, r->held, &r->counts, &r->count);
        for (size_t i = 0; i < r->count; i++)
            r->counts[i].day = clock_now_us() / US_PER_S / DAY_S;
    }
    if (!is_wanted || r->count == 0 || report_count_add(r->options.directory, r->counts, r->count, &err))
        r->count = 0;
    else
        log_err(LOG_LEVEL_WARNING, "report.count", &err);
}

/* The kinds take turns, so that neither waits for the other. */
static void turn(struct worker *w)
{
    struct reporter *r = w->reporter;
    struct book *book = book_take(&r->shelf, BOOK_AGE_US);
    bool is_more = true;

    if (!book)
        return;
    if (w->is_first)
        collect_tls(r, book->installation.tls_reports != 0);
    while (is_more && !background_is_ending(&w->own)) {
        is_more = book->installation.dmarc_reports && look(w, book, kinds[DMARC]);
        is_more |= book->installation.tls_reports && look(w, book, kinds[TLS]);
    }
    book_release(&r->shelf, &book);
}

static void *report(void *argument)
{
    struct worker *w = argument;

    while (!background_is_ending(&w->own)) {
        turn(w);
        pthread_mutex_lock(&w->own.lock);
        background_rest(&w->own, LOOK_S);
        pthread_mutex_unlock(&w->own.lock);
    }
    turn(w); /* what was counted last */
    return NULL;
}

bool reporter_open(const void *owner, const struct reporter_options *options, struct reporter **reporter_out,
                   struct err *err)
{
    struct reporter *r = talloc_zero(owner, struct reporter);

    r->options = *options;
    pthread_mutex_init(&r->lock, NULL);
    shelf_open(&r->shelf, options->directory);
    *reporter_out = r;
    for (size_t i = 0; i < REPORTERS && *reporter_out; i++) {
        r->workers[i] = (struct worker){ .reporter = r, .is_first = i == 0 };
        if (!background_start(&r->workers[i].own, "reporter", report, &r->workers[i], err))
            reporter_close(reporter_out);
    }
    return *reporter_out != NULL;
}

void reporter_close(struct reporter **handle)
{
    struct reporter *r = *handle;

    if (!r)
        return;
    for (size_t i = 0; i < REPORTERS && r->workers[i].reporter; i++)
        background_end(&r->workers[i].own);
    shelf_close(&r->shelf);
    pthread_mutex_destroy(&r->lock);
    talloc_free(r->held);
    talloc_free(r);
    *handle = NULL;
}
