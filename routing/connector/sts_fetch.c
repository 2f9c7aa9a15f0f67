/* sts_fetch.c -- libcurl, kept on a short leash. */
#include "connector/sts_fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "connector/sts.h"
#include "dns/dns.h"

#include <curl/curl.h>
#include <pthread.h>
#include <talloc.h>

struct fetch {
    struct buf text;
    const atomic_bool *is_stopping;
    bool is_too_large;
};

static pthread_once_t once = PTHREAD_ONCE_INIT; /* libcurl wants its beginning once a process */

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take(char *bytes, size_t size, size_t count, void *argument)
{
    struct fetch *fetch = argument;

    fetch->is_too_large = fetch->text.length + size * count > STS_POLICY_BYTES;
    if (fetch->is_too_large)
        return 0;
    buf_add(&fetch->text, bytes, size * count);
    return size * count;
}

static int watch(void *argument, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED,
                 curl_off_t d UNUSED)
{
    return atomic_load(((struct fetch *)argument)->is_stopping);
}

/* "mta-sts.example.org:443:192.0.2.1,[2001:db8::1]": our resolver, not libcurl's, which knows no deadline. */
static bool addresses(const struct settings *settings, const void *owner, const char *host, char **entry_out,
                      struct err *err)
{
    struct dns_question questions[2] = { { .name = host, .type = DNS_AAAA },
                                         { .name = host, .type = DNS_A } };
    int64_t deadline_us = clock_monotonic_us() + STS_FETCH_SECONDS * US_PER_S / 2;
    struct buf entry = buf_owned_by(owner);
    char text[NET_ADDRESS_TEXT];
    size_t count = 0;

    dns_ask_all(settings->dns, owner, questions, 2, deadline_us);
    buf_add_format(&entry, "%s:%u:", host, settings->sts_port);
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < questions[q].answer.count && i < 4; i++, count++)
            buf_add_format(&entry, net_is_ipv4(&questions[q].answer.records[i].address) ? "%s%s" : "%s[%s]",
                           count > 0 ? "," : "",
                           net_address_text(&questions[q].answer.records[i].address, text));
    *entry_out = buf_text(&entry);
    return count > 0 || err_set(err, ERR_BUSY, "%s has no address.", host);
}

static bool is_plain_text(CURL *curl)
{
    const char *type = NULL;

    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return type && span_starts_nocase(span_text(type), "text/plain");
}

static bool perform(CURL *curl, const struct fetch *fetch, struct err *err)
{
    CURLcode code = curl_easy_perform(curl);
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (fetch->is_too_large)
        return err_set(err, ERR_LIMIT, "The policy is too large.");
    if (code != CURLE_OK)
        return err_set(err, code == CURLE_PEER_FAILED_VERIFICATION ? ERR_AUTH : ERR_BUSY, "%s.",
                       curl_easy_strerror(code));
    if (status != 200)
        return err_set(err, ERR_BUSY, "The server answered %ld.", status);
    return is_plain_text(curl) || err_set(err, ERR_INVALID, "The policy is not text/plain.");
}

bool sts_fetch(const struct settings *settings, const void *owner, const char *domain,
               const atomic_bool *is_stopping, struct span *text_out, struct err *err)
{
    struct fetch fetch = { .text = buf_owned_by(owner), .is_stopping = is_stopping };
    char *host = talloc_asprintf(owner, "mta-sts.%s", domain), *url, *entry;
    struct curl_slist *resolved = NULL;
    CURL *curl;
    bool is_done;

    pthread_once(&once, begin);
    if (!addresses(settings, owner, host, &entry, err))
        return false;
    url = talloc_asprintf(owner, "https://%s:%u/.well-known/mta-sts.txt", host, settings->sts_port);
    resolved = curl_slist_append(NULL, entry);
    curl = curl_easy_init();
    if (!curl || !resolved)
        abort();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, resolved);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)STS_FETCH_SECONDS);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Chappe");
    if (settings->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &fetch);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &fetch);
    is_done = perform(curl, &fetch, err);
    *text_out = buf_span(&fetch.text);
    curl_easy_cleanup(curl);
    curl_slist_free_all(resolved);
    return is_done;
}
