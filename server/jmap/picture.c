/* picture.c -- see picture.h. */
#include "jmap/picture.h"

#include "base/digest.h"
#include "base/metrics.h"
#include "dns/dns.h"
#include "fetch/fetch.h"
#include "format/picture.h"
#include "jmap/crowd.h"
#include "jmap/pages.h"
#include "jmap/picture_cache.h"

#include <glib.h>
#include <stdatomic.h>
#include <talloc.h>

METRIC_COUNTER(fetched, "chappe_jmap_pictures_total",
               "Pictures of letters that were fetched for their readers")
METRIC_COUNTER(failed, "chappe_jmap_pictures_failed_total", "Pictures of letters that could not be had")

struct jmap_pictures {
    struct fetch_way way;
    struct picture_cache *cache;
    GThreadPool *pool;
    atomic_bool is_ending;
};

/* One that is fetched while its reader's connection waits. Lives in the request's arena. */
struct job {
    struct jmap_request *request;
    struct http_reply *reply;
    struct http_later *later;
    const char *url, *key;
};

static void send_picture(struct http_reply *reply, const char *type)
{
    http_reply_type(reply, type);
    http_reply_header(reply, "Content-Disposition", "attachment");
    http_reply_header(reply, "Content-Security-Policy", "sandbox; default-src 'none'");
    http_reply_header(reply, "Cross-Origin-Resource-Policy", "same-origin");
    http_reply_header(reply, "Cache-Control", "private, max-age=86400");
}

/* What another server is to blame for is no 503 of ours. */
static void send_failure(struct http_reply *reply, const struct err *err)
{
    static const struct {
        enum err_kind kind;
        unsigned status;
        const char *detail;
    } answers[] = {
        { ERR_INVALID, 400, "That is no address of a picture." },
        { ERR_DENIED, 403, "That address may not be asked." },
        { ERR_NOT_FOUND, 404, "There is no such picture." },
        { ERR_LIMIT, 413, "The picture is too large." },
        { ERR_CONFLICT, 415, "That is no picture." },
    };

    metric_add(&failed, 1);
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        if (err->kind == answers[i].kind) {
            jmap_send_problem(reply, jmap_problem("about:blank", answers[i].status, NULL, answers[i].detail));
            return;
        }
    jmap_send_problem(reply, jmap_problem("about:blank", 502, NULL, "The picture cannot be had now."));
}

static bool is_picture(struct span bytes, struct picture *picture, struct err *err)
{
    if (!picture_read(bytes, picture))
        return err_set(err, ERR_CONFLICT, "That is no picture.");
    return (uint64_t)picture->width * picture->height <= PICTURE_POINTS_MAX ||
           err_set(err, ERR_LIMIT, "The picture is too large.");
}

static void run(struct jmap_pictures *pictures, struct job *job)
{
    const struct fetch what = { .url = job->url,
                                .rules = FETCH_PLAIN | FETCH_USUAL_PORTS,
                                .redirects = PICTURE_REDIRECTS_MAX,
                                .seconds = PICTURE_SECONDS,
                                .bytes_max = PICTURE_BYTES_MAX,
                                .fields = {
                                    "Accept: image/avif,image/webp,image/png,image/jpeg,image/gif" } };
    struct picture picture;
    struct span bytes;
    struct err err = ERR_INIT;

    if (!fetch(&pictures->way, job->request->arena, &what, &bytes, &err) ||
        !is_picture(bytes, &picture, &err)) {
        send_failure(job->reply, &err);
        return;
    }
    metric_add(&fetched, 1);
    picture_cache_put(pictures->cache, job->key, bytes, picture.type);
    buf_add_span(http_reply_body(job->reply), bytes);
    send_picture(job->reply, picture.type);
}

static void work(void *argument, void *own)
{
    struct job *job = argument;
    struct jmap *jmap = job->request->jmap;

    run(own, job);
    jmap_crowd_leave(jmap->crowd, jmap_client_of(job->request->identity), CROWD_PICTURES);
    http_later_done(job->later);
}

/* ---- its life */

static bool is_ending(void *argument)
{
    return atomic_load(&((struct jmap_pictures *)argument)->is_ending);
}

struct jmap_pictures *jmap_pictures_new(const void *owner, const struct jmap_options *options)
{
    struct jmap_pictures *pictures = talloc_zero(owner, struct jmap_pictures);

    pictures->way = (struct fetch_way){ .dns = options->dns,
                                        .ca_file = options->ca_file,
                                        .networks = options->picture_networks,
                                        .network_count = options->picture_network_count,
                                        .is_ending = is_ending,
                                        .argument = pictures };
    pictures->cache = picture_cache_new(pictures, PICTURES_KEPT_BYTES, PICTURES_KEPT_S);
    pictures->pool = g_thread_pool_new(work, pictures, PICTURE_THREADS, FALSE, NULL);
    return pictures;
}

void jmap_pictures_quiesce(struct jmap_pictures *pictures)
{
    atomic_store(&pictures->is_ending, true);
}

void jmap_pictures_free(struct jmap_pictures **pictures)
{
    g_thread_pool_free((*pictures)->pool, FALSE, TRUE);
    picture_cache_free(&(*pictures)->cache);
    talloc_free(*pictures);
    *pictures = NULL;
}

/* ---- being asked */

/* Of the organisation, and no longer than it must be, whatever the URL is. */
static char *key_of(const struct jmap_request *request, const char *url)
{
    char digits[2 * SHA256_BYTES + 1] = "";
    unsigned char digest[SHA256_BYTES];

    sha256(span_text(url), digest);
    hex_encode(span_of((const char *)digest, sizeof digest), digits);
    return talloc_asprintf(request->arena, "%lld %s", (long long)request->identity->organisation_id, digits);
}

static void refuse_busy(struct http_reply *reply, unsigned status)
{
    http_reply_header(reply, "Retry-After", "5");
    jmap_send_problem(reply, jmap_problem("limit", status, "pictures", "Too many pictures at once."));
}

static void begin(struct jmap_request *request, struct http_reply *reply, const char *url, const char *key)
{
    struct jmap_pictures *pictures = request->jmap->pictures;
    struct job *job = talloc_zero(request->arena, struct job);
    struct jmap_client who = jmap_client_of(request->identity);

    if (!jmap_crowd_enter(request->jmap->crowd, who, CROWD_PICTURES)) {
        refuse_busy(reply, 429);
        return;
    }
    *job = (struct job){ .request = request, .reply = reply, .url = url, .key = key };
    if (g_thread_pool_unprocessed(pictures->pool) < PICTURES_WAITING_MAX)
        job->later = http_reply_later(reply);
    if (!job->later) {
        jmap_crowd_leave(request->jmap->crowd, who, CROWD_PICTURES);
        refuse_busy(reply, 503);
        return;
    }
    g_thread_pool_push(pictures->pool, job, NULL);
}

void jmap_picture(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    const char *url = http_query(http, "url"), *key, *type;

    if (!url || strlen(url) > PICTURE_URL_MAX) {
        jmap_send_problem(reply, jmap_problem("about:blank", 400, NULL, "That is no address of a picture."));
        return;
    }
    url = talloc_strdup(request->arena, url);
    key = key_of(request, url);
    if (picture_cache_find(request->jmap->pictures->cache, key, http_reply_body(reply), &type))
        send_picture(reply, type);
    else
        begin(request, reply, url, key);
}
