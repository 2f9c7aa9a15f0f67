/* front_ends.c -- which application a path belongs to, where its files are, and what its pages may do. */
#include "main/front_ends.h"

#include "base/compiler.h"
#include "http/site.h"
#include "jmap/jmap.h"

#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

/* Nothing written into a page is style or script, and no text becomes markup (Trusted Types). */
#define POLICY(styles, frames, types)                                                                         \
    "default-src 'none'; script-src 'self'; style-src " styles                                                \
    "; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src " frames                          \
    "; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " \
    "require-trusted-types-for 'script'; trusted-types " types

/* Webmail lives at the root among other things: its files and these places inside it are its own. It shows letters in frames that
 * inherit its policy and may have nothing from elsewhere, so what they look like comes with them, as data:; and two of its parts may
 * make markup of text (webmail/src/features/message/body/README.md), a third may name the script that serves without a network. */
static const struct {
    const char *folder, *prefix, *policy;
    const char *places[4];
} applications[] = {
    { "admin", "/admin", POLICY("'self'", "'none'", "'none'"), { NULL } },
    { "webmail",
      "",
      POLICY("'self' data:", "'self'", "chappe-message chappe-worker ProseMirrorClipboard"),
      { "mail", "settings", "help", NULL } },
};

/* What draws attachments for webmail has no origin, so that it finds nothing of the reader's whatever a file makes of it. Its own
 * parts then come to it as to a page of another site. webmail/viewer/README.md. */
static const char viewer[] = "/viewer";
static const char viewer_policy[] =
    "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; "
    "font-src data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/* Which of them is webmail. Beside its page stands what it asks first (webmail/build/ahead.ts). */
enum { WEBMAIL = 1 };
#define AHEAD "ahead.json"

struct front_ends {
    struct site *sites[COUNT_OF(applications)];
    json_t *asked; /* NULL: nothing */
};

/* ---- where */

static bool has_some(const void *arena, const char *folder)
{
    for (size_t i = 0; i < COUNT_OF(applications); i++)
        if (access(talloc_asprintf(arena, "%s/%s/index.html", folder, applications[i].folder), R_OK) == 0)
            return true;
    return false;
}

char *front_ends_folder(const void *owner, const struct config *config)
{
    char own[PATH_MAX], *candidates[3];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    const char *beside;

    if (*config->front_ends)
        return talloc_strdup(owner, config->front_ends);
    own[length > 0 ? length : 0] = '\0';
    beside = dirname(own);
    candidates[0] = config_path(owner, config, "front-ends");
    candidates[1] = talloc_asprintf(owner, "%s/front-ends", beside);
    candidates[2] = talloc_asprintf(owner, "%s/../share/chappe/front-ends", beside);
    for (size_t i = 0; i < COUNT_OF(candidates); i++)
        if (has_some(owner, candidates[i]))
            return candidates[i];
    return NULL;
}

static int front_ends_destroy(struct front_ends *all)
{
    json_decref(all->asked);
    return 0;
}

static void load_asked(struct front_ends *all)
{
    struct span text = all->sites[WEBMAIL] ? site_file(all->sites[WEBMAIL], AHEAD) : span_of("", 0);

    all->asked = json_loadb(text.p, span_length(text), 0, NULL);
    talloc_set_destructor(all, front_ends_destroy);
}

struct front_ends *front_ends_load(const void *owner, const struct config *config)
{
    struct front_ends *all = talloc_zero(owner, struct front_ends);
    const char *folder = front_ends_folder(all, config);
    struct err err = ERR_INIT;

    for (size_t i = 0; folder && i < COUNT_OF(applications); i++)
        if (!site_load(all, talloc_asprintf(all, "%s/%s", folder, applications[i].folder), &all->sites[i],
                       &err))
            log_err(LOG_LEVEL_WARNING, "main.front_ends", &err);
    if (!folder)
        log_event(LOG_LEVEL_INFO, "main.front_ends.absent");
    load_asked(all);
    return all;
}

/* ---- answering */

static bool is_below(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(path, prefix, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* An application at the root has what is a file of it or one of its places; the others all below their prefix. */
static bool has(const struct front_ends *all, size_t i, const char *path)
{
    if (*applications[i].prefix)
        return is_below(path, applications[i].prefix);
    if (!all->sites[i] || *path != '/')
        return false;
    for (size_t k = 0; applications[i].places[k]; k++)
        if (is_below(path + 1, applications[i].places[k]))
            return true;
    return path[1] == '\0' || is_below(path, "/assets") || site_has(all->sites[i], path + 1);
}

bool front_ends_have(const struct front_ends *all, const char *path)
{
    for (size_t i = 0; i < COUNT_OF(applications); i++)
        if (has(all, i, path))
            return true;
    return false;
}

static void answer_one(const struct site *site, const char *prefix, const struct http_request *request,
                       struct http_reply *reply)
{
    const char *rest = http_path(request) + strlen(prefix);

    if (*rest == '\0') {
        http_reply_status(reply, 308);
        http_reply_header(reply, "Location", talloc_asprintf(http_arena(request), "%s/", prefix));
    } else if (site) {
        site_answer(site, rest + 1, request, reply);
    } else {
        http_reply_status(reply, 404);
        http_reply_type(reply, "text/plain; charset=utf-8");
        buf_add_text(http_reply_body(reply), "This application is not installed here.\n");
    }
}

/* The folder whose list a path shows as it is, by id or role; NULL: it shows something else. */
static const char *folder_shown(const struct http_request *request)
{
    static const char own[] = "/mail/me/",
                      letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    static const char *const words[] = { "q", "in", "only", "sort" };
    const char *path = http_path(request), *name;
    size_t length;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (http_query(request, words[i]))
            return NULL;
    if (strcmp(path, "/") == 0)
        return "inbox";
    if (strncmp(path, own, strlen(own)) != 0)
        return NULL;
    name = path + strlen(own);
    length = strspn(name, letters);
    return length > 0 && (name[length] == '\0' || name[length] == '/')
               ? talloc_strndup(http_arena(request), name, length)
               : NULL;
}

/* The page of a list comes with its mail where a browser opens it; what keeps pages (webmail/worker) gets them without. It is not compressed, as
 * no answer is that has mail in it: strangers put their words there by writing to somebody, and to whoever sees the line the length of what is
 * compressed would tell what else stands beside them (BREACH). False: it is to be answered as any other. */
static bool answer_with_mail(const struct front_ends *all, struct jmap *jmap,
                             const struct http_request *request, struct http_reply *reply)
{
    static const char end[] = "</body>";
    const char *opened_as = http_header(request, "Sec-Fetch-Dest"), *folder = folder_shown(request), *at;
    struct span page = all->asked ? site_file(all->sites[WEBMAIL], "index.html") : span_of("", 0);
    struct buf *out = http_reply_body(reply);

    if (!folder || !opened_as || strcmp(opened_as, "document") != 0 ||
        strcmp(http_method(request), "GET") != 0)
        return false;
    at = memmem(page.p, span_length(page), end, strlen(end));
    if (!at)
        return false;
    buf_add(out, page.p, (size_t)(at - page.p));
    if (!jmap_answer_ahead(jmap, request, all->asked, folder, out)) {
        buf_clear(out);
        return false;
    }
    buf_add(out, at, (size_t)(page.end - at));
    http_reply_type(reply, "text/html; charset=utf-8");
    http_reply_header(reply, "Cache-Control", "no-store");
    return true;
}

void front_ends_answer(const struct front_ends *all, struct jmap *jmap, const struct http_request *request,
                       struct http_reply *reply)
{
    bool is_viewer = is_below(http_path(request), viewer);

    http_reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
    http_reply_header(reply, "Cross-Origin-Resource-Policy", is_viewer ? "cross-origin" : "same-origin");
    http_reply_header(reply, "Permissions-Policy",
                      "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    for (size_t i = 0; i < COUNT_OF(applications); i++)
        if (has(all, i, http_path(request))) {
            http_reply_header(reply, "Content-Security-Policy",
                              is_viewer ? viewer_policy : applications[i].policy);
            if (i != WEBMAIL || !answer_with_mail(all, jmap, request, reply))
                answer_one(all->sites[i], applications[i].prefix, request, reply);
            return;
        }
}
