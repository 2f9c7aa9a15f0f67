/* fetch.c -- one request, one answer. */
#include "auth/fetch.h"

#include "base/buf.h"
#include "base/compiler.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { CONNECT_SECONDS = 3 };

static pthread_once_t once = PTHREAD_ONCE_INIT; /* libcurl wants its beginning once a process */

static void begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- addresses */

static bool is_this_machine(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
}

bool fetch_is_address(const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;
    bool is_good = url && curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                   (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_this_machine(host)));

    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return is_good;
}

void fetch_add(struct buf *form, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);

    if (!escaped)
        abort();
    if (form->length > 0 && form->p[form->length - 1] != '?')
        buf_add_byte(form, '&');
    buf_add_text(form, name);
    buf_add_byte(form, '=');
    buf_add_text(form, escaped);
    curl_free(escaped);
}

/* ---- one exchange */

struct fetch {
    struct buf text;
    bool is_too_large;
};

static size_t take(char *bytes, size_t size, size_t count, void *argument)
{
    struct fetch *fetch = argument;

    fetch->is_too_large = fetch->text.length + size * count > FETCH_BYTES;
    if (fetch->is_too_large)
        return 0;
    buf_add(&fetch->text, bytes, size * count);
    return size * count;
}

static void set_leash(CURL *curl, struct fetch *fetch)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_SECONDS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Chappe");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
}

static struct curl_slist *fields_of(const void *scratch, const struct fetch_request *request)
{
    struct curl_slist *fields = curl_slist_append(NULL, "Accept: application/json");

    if (fields && request->authorisation)
        fields =
            curl_slist_append(fields, talloc_asprintf(scratch, "Authorization: %s", request->authorisation));
    if (!fields)
        abort();
    return fields;
}

static bool perform(CURL *curl, const struct fetch *fetch, const char *url, unsigned *status_out,
                    struct err *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    *status_out = (unsigned)status;
    if (code == CURLE_OK && status < 500)
        return true;
    err_log(err, "%s: %s", url, *detail ? detail : curl_easy_strerror(code));
    if (fetch->is_too_large)
        return err_set(err, ERR_BUSY, "Its answer is too large.");
    if (code == CURLE_OK)
        return err_set(err, ERR_BUSY, "It answered with status %ld.", status);
    return err_set(err, ERR_BUSY, "%s.", curl_easy_strerror(code));
}

static int drop_json(json_t **kept)
{
    json_decref(*kept);
    return 0;
}

static json_t *read_object(const void *owner, const struct buf *text)
{
    json_t *json = text->length > 0 ? json_loadb(text->p, text->length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t **kept = talloc(owner, json_t *);

    if (!json_is_object(json)) {
        json_decref(json);
        json = json_object();
    }
    *kept = json;
    talloc_set_destructor(kept, drop_json);
    return json;
}

bool fetch_json(const void *owner, const struct fetch_request *request, unsigned *status_out,
                json_t **json_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct fetch fetch = { .text = BUF_INIT(scratch) };
    struct curl_slist *fields;
    bool is_done;
    CURL *curl;

    pthread_once(&once, begin);
    if (!fetch_is_address(request->url)) {
        talloc_free(scratch);
        return err_set(err, ERR_BUSY, "%.100s is no address that may be asked.", request->url);
    }
    curl = curl_easy_init();
    if (!curl)
        abort();
    fields = fields_of(scratch, request);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    set_leash(curl, &fetch);
    if (request->form)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form);
    if (request->ca_certificates && *request->ca_certificates) {
        struct curl_blob pem = { .data = (char *)(uintptr_t)request->ca_certificates,
                                 .len = strlen(request->ca_certificates),
                                 .flags = CURL_BLOB_COPY };
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &pem);
    }
    is_done = perform(curl, &fetch, request->url, status_out, err);
    *json_out = is_done ? read_object(owner, &fetch.text) : NULL;
    curl_easy_cleanup(curl);
    curl_slist_free_all(fields);
    talloc_free(scratch);
    return is_done;
}
