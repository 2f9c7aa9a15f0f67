/* web_pages.c -- what a browser and a monitor see. */
#include "main/role_web.h"

#include "admin_api/api.h"
#include "chappe_version.h"
#include "dav/dav.h"
#include "jmap/jmap.h"
#include "main/front_ends.h"
#include "main/link_pages.h"
#include "main/services.h"
#include "main/sts_page.h"
#include "main/web_state.h"
#include "session/server.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#define API_PREFIX "/api/"
/* Pages of ours have their few styles inside; the reference of the API loads its own files, and no other's. */
#define PAGE_POLICY                                                                                          \
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#define API_POLICY                                                                                           \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "      \
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

enum { REQUEST_BODY_MAX = 4096 };

static bool is_of_api(const char *path)
{
    return strncmp(path, API_PREFIX, strlen(API_PREFIX)) == 0;
}

size_t web_limit(void *argument, const char *method, const char *path)
{
    const struct web *web = argument;

    if (jmap_has(path))
        return jmap_limit(web->jmap, method, path);
    if (dav_has(path))
        return DAV_BODY_MAX;
    return is_of_api(path) ? admin_api_limit_remote(web->api, method, path) : REQUEST_BODY_MAX;
}

bool web_admits(void *argument, const struct http_request *request)
{
    const struct web *web = argument;

    return !jmap_has(http_path(request)) || jmap_admits(web->jmap, request);
}

/* ---- pages */

/* 200 when every role of this machine answers and reaches the database. */
static void page_health(const struct web *web, const struct config *config,
                        const struct http_request *request, struct http_reply *reply)
{
    json_t *roles = web_state_now(web->state, config), *role;
    bool all_well = json_is_array(roles);
    size_t i;

    (void)request;
    json_array_foreach(roles, i, role) all_well = all_well && json_is_true(json_object_get(role, "is_well"));
    http_reply_status(reply, all_well ? 200 : 503);
    http_reply_type(reply, "text/plain; charset=utf-8");
    buf_add_text(http_reply_body(reply), all_well ? "ok\n" : "not ready\n");
    json_decref(roles);
}

/* One role's series with role="..." added; # lines only once for each name, as the format wants it. */
static void add_series(struct buf *out, const char *role, struct span text, json_t *seen)
{
    struct span line;

    while (span_take_line(&text, &line)) {
        const char *brace, *space;
        if (span_is_empty(line))
            continue;
        if (*line.p == '#') {
            char *copy = span_copy(out->owner, line);
            if (!json_object_get(seen, copy)) {
                json_object_set_new(seen, copy, json_true());
                buf_add_span(out, line);
                buf_add_byte(out, '\n');
            }
            continue;
        }
        brace = span_find_byte(line, '{');
        space = span_find_byte(line, ' ');
        if (!space)
            continue;
        if (brace && brace < space) {
            buf_add(out, line.p, (size_t)(brace + 1 - line.p));
            buf_add_format(out, "role=\"%s\",", role);
            buf_add(out, brace + 1, (size_t)(line.end - brace - 1));
        } else {
            buf_add(out, line.p, (size_t)(space - line.p));
            buf_add_format(out, "{role=\"%s\"}", role);
            buf_add(out, space, (size_t)(line.end - space));
        }
        buf_add_byte(out, '\n');
    }
}

static void add_role(struct buf *out, const json_t *role, const char *series, json_t *seen)
{
    const char *name = json_string_value(json_object_get(role, "name"));

    buf_add_format(out, "chappe_role_up{role=\"%s\"} %d\n", name, series != NULL);
    buf_add_format(out, "chappe_role_restarts_total{role=\"%s\"} %lld\n", name,
                   (long long)json_integer_value(json_object_get(role, "restarts")));
    if (series)
        add_series(out, name, span_text(series), seen);
}

static void page_metrics(const struct web *web, const struct config *config,
                         const struct http_request *request, struct http_reply *reply)
{
    char *answer = web_state_ask(http_arena(request), config, "supervisor", "status");
    json_t *status = answer ? json_loads(answer, 0, NULL) : NULL, *seen = json_object(), *role;
    struct buf *out = http_reply_body(reply);
    size_t i;

    (void)web;
    http_reply_type(reply, "text/plain; version=0.0.4; charset=utf-8");
    buf_add_text(out, "# HELP chappe_role_up 1 while the role answers\n# TYPE chappe_role_up gauge\n"
                      "# HELP chappe_role_restarts_total Times the role was started again\n"
                      "# TYPE chappe_role_restarts_total counter\n");
    json_array_foreach(json_object_get(status, "roles"), i, role)
        add_role(out, role,
                 web_state_ask(http_arena(request), config, json_string_value(json_object_get(role, "name")),
                               "metrics"),
                 seen);
    json_decref(seen);
    json_decref(status);
}

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Chappe</title><style>"
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:44rem;margin:3rem auto;padding:0 1rem}"
    "h1{font-weight:600;margin-bottom:.2rem}table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8885}.up{color:#197a3c}.down{color:#b3261e}"
    "a{color:inherit}</style></head><body>\n";

static void add_services(struct buf *out, const struct config *config)
{
    buf_add_text(out, "<h2>Services</h2><table><tr><th>Service</th><th>Port</th><th>Encryption</th></tr>");
    for (const struct service *s = services; s->name; s++)
        if (!s->is_loopback_only)
            buf_add_format(out, "<tr><td>%s</td><td>%u</td><td>%s</td></tr>", s->name,
                           service_port(config, s),
                           s->tls == SERVICE_TLS        ? "TLS"
                           : s->tls == SERVICE_STARTTLS ? "STARTTLS"
                                                        : "none");
    buf_add_text(out, "</table>");
}

static void page_start(const struct web *web, const struct config *config, const struct http_request *request,
                       struct http_reply *reply)
{
    json_t *roles = web_state_now(web->state, config), *role;
    struct buf *out = http_reply_body(reply);
    size_t i;

    (void)request;
    http_reply_type(reply, "text/html; charset=utf-8");
    buf_add_text(out, page_head);
    buf_add_format(out, "<h1>Chappe</h1><p>Groupware server %s on %s</p><h2>State</h2><table>",
                   CHAPPE_VERSION, config->hostname);
    json_array_foreach(roles, i, role)
    {
        bool is_well = json_is_true(json_object_get(role, "is_well"));
        buf_add_format(out, "<tr><td>%s</td><td class=\"%s\">%s</td></tr>",
                       json_string_value(json_object_get(role, "name")), is_well ? "up" : "down",
                       is_well ? "answers" : "does not answer");
    }
    buf_add_text(out, "</table>");
    add_services(out, config);
    buf_add_text(
        out,
        "<p><a href=\"/admin/\">Administration</a> &middot; <a href=\"/healthz\">Health</a> &middot; <a href=\"/metrics\">Metrics</a></p></body></html>\n");
    json_decref(roles);
}

/* ---- who may see what */

/* Metrics tell about traffic: for this machine only, where a monitor's agent runs. */
static const struct page {
    const char *path;
    void (*answer)(const struct web *web, const struct config *config, const struct http_request *request,
                   struct http_reply *reply);
    bool is_plain_allowed; /* also without TLS, from anywhere */
    bool is_loopback_only;
} pages[] = {
    { "/", page_start, false, false }, /* where webmail is not installed */
    { "/status", page_start, false, false },
    { "/healthz", page_health, true, false },
    { "/metrics", page_metrics, true, true },
};

static bool may_be_plain(const struct config *config, const struct http_request *request)
{
    return http_is_tls(request) || config->plaintext_login == PLAINTEXT_LOGIN_ALWAYS ||
           (config->plaintext_login == PLAINTEXT_LOGIN_LOOPBACK && net_is_loopback(http_peer(request)));
}

/* To HTTPS, by the name that the client used where it is a plain host name, else by ours. */
static void redirect(const struct config *config, const struct http_request *request,
                     struct http_reply *reply)
{
    const char *host = http_header(request, "Host");
    size_t length =
        host ? strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") : 0;
    long long port = 443 + (long long)config->port_offset;
    char *base = length > 0 && length < 256 && (host[length] == '\0' || host[length] == ':')
                     ? talloc_strndup(http_arena(request), host, length)
                     : talloc_strdup(http_arena(request), config->hostname);
    char *target =
        port == 443
            ? talloc_asprintf(http_arena(request), "https://%s%s", base, http_path(request))
            : talloc_asprintf(http_arena(request), "https://%s:%lld%s", base, port, http_path(request));

    http_reply_status(reply, 308);
    http_reply_header(reply, "Location", target);
    http_reply_type(reply, "text/plain; charset=utf-8");
    buf_add_text(http_reply_body(reply), "This server speaks HTTPS.\n");
}

static void answer_plain(struct http_reply *reply, unsigned status, const char *text)
{
    http_reply_status(reply, status);
    http_reply_type(reply, "text/plain; charset=utf-8");
    buf_add_text(http_reply_body(reply), text);
}

static const struct page *page_at(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}

/* Of pages that this file and link_pages.c write. */
void web_answer(void *argument, const struct http_request *request, struct http_reply *reply)
{
    struct web *web = argument;
    const struct config *config = atomic_load(&web->config);
    const struct page *page = page_at(http_path(request));
    bool is_reading = strcmp(http_method(request), "GET") == 0 || strcmp(http_method(request), "HEAD") == 0;

    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
    if (http_is_tls(request))
        http_reply_header(reply, "Strict-Transport-Security", "max-age=31536000");
    if (may_be_plain(config, request) && front_ends_have(web->front_ends, http_path(request))) {
        front_ends_answer(web->front_ends, web->jmap, request, reply);
        return;
    }
    http_reply_header(reply, "Content-Security-Policy",
                      is_of_api(http_path(request)) ? API_POLICY : PAGE_POLICY);
    if (!may_be_plain(config, request) && !(page && page->is_plain_allowed))
        redirect(config, request, reply);
    else if (is_of_api(http_path(request)))
        admin_api_answer_remote(web->api, request, reply);
    else if (dav_has(http_path(request)))
        dav_answer(web->dav, request, reply);
    else if (jmap_has(http_path(request)))
        jmap_answer(web->jmap, request, reply);
    else if (link_pages_has(http_path(request)))
        link_pages_answer(web->links, config, request, reply);
    else if (sts_page_has(http_path(request)))
        sts_page_answer(web->directory, request, reply);
    else if (!page || (page->is_loopback_only && !net_is_loopback(http_peer(request))))
        answer_plain(reply, 404, "There is nothing here.\n");
    else if (!is_reading)
        answer_plain(reply, 405, "This page can only be read.\n");
    else
        page->answer(web, config, request, reply);
}
