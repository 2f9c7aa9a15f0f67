/* fetch.c -- libcurl with our resolver, our walls and little patience. */
#include "fetch/fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "dns/dns.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <talloc.h>

enum { ADDRESSES_MAX = 4 /* of a kind */, CONNECT_SECONDS = 8 };

/* One step of the way: the URL, or what a redirect named. */
struct step {
    const struct fetch_way *way;
    const struct fetch *what;
    void *arena;
    CURLU *url;
    char *scheme, *host, *port; /* libcurl's */
    int64_t deadline_us;
    struct buf answer;
    bool is_refused, is_too_long;
    long status;
    char *next; /* where a redirect leads; NULL: it is none */
};

static pthread_once_t once = PTHREAD_ONCE_INIT; /* libcurl wants its beginning once a process */

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool is_granted(const struct fetch_way *way, const struct net_address *address)
{
    for (size_t i = 0; i < way->network_count; i++)
        if (net_network_contains(&way->networks[i], address))
            return true;
    return false;
}

static bool may_reach(const struct step *step, const struct net_address *address)
{
    bool is_usual =
        span_equals_text(span_text(step->port), "443") || span_equals_text(span_text(step->port), "80");

    if ((step->what->rules & FETCH_ANYWHERE) || is_granted(step->way, address))
        return true;
    return net_is_public(address) && (is_usual || !(step->what->rules & FETCH_USUAL_PORTS));
}

/* ---- what libcurl asks */

static size_t take(char *bytes, size_t size, size_t count, void *argument)
{
    struct step *step = argument;
    size_t length = size * count;

    if (step->answer.length + length > step->what->bytes_max) {
        step->is_too_long = true;
        return 0;
    }
    buf_add(&step->answer, bytes, length);
    return length;
}

static int watch(void *argument, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED,
                 curl_off_t d UNUSED)
{
    const struct fetch_way *way = ((struct step *)argument)->way;

    return way->is_ending && way->is_ending(way->argument);
}

/* The last word about where it goes, however libcurl came to the address. */
static curl_socket_t open_socket(void *argument, curlsocktype purpose UNUSED, struct curl_sockaddr *to)
{
    struct step *step = argument;
    struct net_address address = net_address_of(&to->addr);

    if (!may_reach(step, &address)) {
        step->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- where to */

static bool is_literal(const char *host)
{
    struct net_address address;

    return host[0] == '[' || net_address_parse(span_text(host), &address);
}

static bool read_url(struct step *step, const char *text, struct err *err)
{
    bool may_be_plain = step->what->rules & FETCH_PLAIN;
    bool is_good = curl_url_set(step->url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
                   curl_url_get(step->url, CURLUPART_SCHEME, &step->scheme, 0) == CURLUE_OK &&
                   curl_url_get(step->url, CURLUPART_HOST, &step->host, 0) == CURLUE_OK &&
                   curl_url_get(step->url, CURLUPART_PORT, &step->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   (span_equals_text(span_text(step->scheme), "https") ||
                    (may_be_plain && span_equals_text(span_text(step->scheme), "http"))) &&
                   (may_be_plain || !is_literal(step->host)) &&
                   span_length(span_text(step->host)) <= DNS_NAME_MAX;

    return is_good || err_set(err, ERR_INVALID, "That is no address of a page.");
}

/* "pictures.example.org:443:192.0.2.1,[2001:db8::1]": our resolver, not libcurl's, which knows no deadline. An address needs none,
 * and is looked at by open_socket(). */
static bool find_addresses(struct step *step, struct curl_slist **resolved_out, struct err *err)
{
    struct dns_question questions[2] = { { .name = step->host, .type = DNS_AAAA },
                                         { .name = step->host, .type = DNS_A } };
    struct buf entry = buf_owned_by(step->arena);
    char text[NET_ADDRESS_TEXT];
    size_t count = 0, refused = 0;

    if (is_literal(step->host))
        return true;
    dns_ask_all(step->way->dns, step->arena, questions, 2, step->deadline_us);
    buf_add_format(&entry, "%s:%s:", step->host, step->port);
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < questions[q].answer.count && i < ADDRESSES_MAX; i++) {
            const struct net_address *address = &questions[q].answer.records[i].address;

            if (!may_reach(step, address)) {
                refused++;
                continue;
            }
            buf_add_format(&entry, net_is_ipv4(address) ? "%s%s" : "%s[%s]", count++ > 0 ? "," : "",
                           net_address_text(address, text));
        }
    if (count == 0)
        return refused > 0 ? err_set(err, ERR_DENIED, "%s is in a private network.", step->host)
                           : err_set(err, ERR_BUSY, "%s has no address.", step->host);
    *resolved_out = curl_slist_append(NULL, buf_text(&entry));
    return true;
}

/* ---- the way */

static void read_outcome(CURL *curl, struct step *step)
{
    char *next = NULL;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &step->status);
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
    step->next = next ? talloc_strdup(step->arena, next) : NULL;
}

static bool is_wanted(CURL *curl, const struct step *step)
{
    const char *type = NULL;

    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return !step->what->type ||
           (step->status == 200 && type && span_starts_nocase(span_text(type), step->what->type));
}

static bool perform(CURL *curl, struct step *step, struct err *err)
{
    CURLcode code = curl_easy_perform(curl);

    read_outcome(curl, step);
    if (step->is_refused)
        return err_set(err, ERR_DENIED, "%s is in a private network.", step->host);
    if (step->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
        return err_set(err, ERR_LIMIT, "The answer is too long.");
    if (code != CURLE_OK)
        return err_set(err, code == CURLE_PEER_FAILED_VERIFICATION ? ERR_AUTH : ERR_BUSY, "%s.",
                       curl_easy_strerror(code));
    if (step->status == 404 || step->status == 410)
        return err_set(err, ERR_NOT_FOUND, "There is nothing there.");
    if (step->next || (step->status >= 200 && step->status <= 299))
        return step->next || is_wanted(curl, step) ||
               err_set(err, ERR_CONFLICT, "The answer is not %s.", step->what->type);
    return err_set(err, ERR_BUSY, "The server answered %ld.", step->status);
}

static void set_leash(CURL *curl, struct step *step)
{
    long left_ms = (long)((step->deadline_us - clock_monotonic_us()) / 1000);

    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, step->what->rules & FETCH_PLAIN ? "http,https" : "https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* followed by us, with the walls */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms > 1 ? left_ms : 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)step->what->bytes_max);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Chappe");
    if (step->way->ca_file && *step->way->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, step->way->ca_file);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, step);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, step);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, step);
}

static bool ask(struct step *step, struct curl_slist *resolved, struct err *err)
{
    struct curl_slist *fields = curl_slist_append(NULL, "Expect:"); /* a POST is small: no asking first */
    CURL *curl = curl_easy_init();
    bool is_answered;

    if (!curl || !fields)
        abort();
    for (size_t i = 0; i < FETCH_FIELDS_MAX && step->what->fields[i]; i++)
        fields = curl_slist_append(fields, step->what->fields[i]);
    curl_easy_setopt(curl, CURLOPT_CURLU, step->url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, resolved);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    if (step->what->body.p) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)span_length(step->what->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, step->what->body.p);
    }
    set_leash(curl, step);
    is_answered = perform(curl, step, err);
    curl_easy_cleanup(curl);
    curl_slist_free_all(fields);
    return is_answered;
}

/* `*next_out`: where it goes on, under `arena`; NULL: `*answer_out` is it. */
static bool go(struct step *step, const char *url, char **next_out, struct span *answer_out, struct err *err)
{
    struct curl_slist *resolved = NULL;
    bool is_done;

    step->url = curl_url();
    if (!step->url)
        abort();
    is_done = read_url(step, url, err) && find_addresses(step, &resolved, err) && ask(step, resolved, err);
    *next_out = step->status >= 300 ? step->next : NULL;
    *answer_out = buf_span(&step->answer);
    curl_slist_free_all(resolved);
    curl_free(step->scheme);
    curl_free(step->host);
    curl_free(step->port);
    curl_url_cleanup(step->url);
    return is_done;
}

bool fetch(const struct fetch_way *way, const void *owner, const struct fetch *what, struct span *answer_out,
           struct err *err)
{
    int64_t deadline_us = clock_monotonic_us() + what->seconds * US_PER_S;
    void *arena = talloc_new(owner);
    const char *url = what->url;
    char *next = NULL;

    pthread_once(&once, begin);
    for (unsigned i = 0; i <= what->redirects && i <= FETCH_REDIRECTS_MAX; i++) {
        struct step step = { .way = way,
                             .what = what,
                             .arena = arena,
                             .deadline_us = deadline_us,
                             .answer = buf_owned_by(arena) };

        if (!go(&step, url, &next, answer_out, err))
            return false;
        if (!next)
            return true;
        url = next;
    }
    return err_set(err, ERR_BUSY, "It leads from one place to the next.");
}
