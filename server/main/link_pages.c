/* link_pages.c -- a question, a button, an answer. */
#include "main/link_pages.h"

#include "accept/link_act.h"
#include "accept/release.h"
#include "admin_api/language.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "format/form.h"
#include "format/markup.h"
#include "queue/moderation.h"
#include "resolve/link.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>

#define PREFIX "/l/"
/* How often a network may try: so many times at once, and then once more in each interval; with good tokens GOOD_VISITS times as
 * often. */
enum { SLOTS = 4096, BURST = 30, GOOD_VISITS = 50 };
#define REFILL_US (2 * US_PER_S)

static const char *const outcomes[] = { "asked", "done", "nothing", "later", "too-many" };
enum outcome { ASKED, DONE, NOTHING, LATER, TOO_MANY };
METRIC_COUNTER_BY(visits, "chappe_links_total", "Visits of links in mail, by what came of them", "outcome",
                  outcomes)

/* A network that asked lately; the next one that hashes here takes its place. */
struct visitor {
    uint64_t network;
    int64_t full_us; /* when it has all its tries again */
};

struct link_pages {
    struct directory *directory;
    struct accept *accept;
    pthread_mutex_t lock; /* of `visitors` */
    struct visitor visitors[SLOTS];
};

struct link_pages *link_pages_new(const void *owner, struct directory *directory, struct accept *accept)
{
    struct link_pages *pages = talloc_zero(owner, struct link_pages);

    pages->directory = directory;
    pages->accept = accept;
    pthread_mutex_init(&pages->lock, NULL);
    return pages;
}

bool link_pages_has(const char *path)
{
    return strncmp(path, PREFIX, strlen(PREFIX)) == 0;
}

char *link_base(const void *owner, const struct config *config)
{
    long long port = 443 + (long long)config->port_offset;

    return port == 443 ? talloc_asprintf(owner, "https://%s", config->hostname)
                       : talloc_asprintf(owner, "https://%s:%lld", config->hostname, port);
}

/* ---- words */

enum language { ENGLISH, FRENCH, LANGUAGES };

struct words {
    const char *question, *button;
};

static const struct words words[LINK_ACTS][LANGUAGES] = {
    [LINK_UNSUBSCRIBE] = { { "Leave this mailing list?", "Leave" },
                           { "Quitter cette liste de diffusion ?", "Quitter" } },
    [LINK_CONFIRM] = { { "Is this your address, and do you want this?", "Confirm" },
                       { "Est-ce bien votre adresse, et le souhaitez-vous ?", "Confirmer" } },
    [LINK_ADMIT] = { { "Admit this person to the list?", "Admit" },
                     { "Accepter cette personne dans la liste ?", "Accepter" } },
    [LINK_APPROVE] = { { "Let this message through?", "Let it through" },
                       { "Laisser passer ce message ?", "Laisser passer" } },
    [LINK_REJECT] = { { "Refuse this message?", "Refuse" }, { "Refuser ce message ?", "Refuser" } },
    [LINK_RELEASE] = { { "Deliver this message to your mailbox?", "Deliver" },
                       { "Remettre ce message dans votre boîte ?", "Remettre" } },
};

static const struct {
    const char *done, *nothing, *later, *too_many, *reason, *html_language;
} plain[LANGUAGES] = {
    [ENGLISH] = { "Done.", "There is nothing to be done here (any more).",
                  "This is not possible just now. Please try again later.", "Please wait a moment.",
                  "Reason, for the sender (may stay empty)", "en" },
    [FRENCH] = { "C'est fait.", "Il n'y a rien (ou plus rien) à faire ici.",
                 "Impossible pour le moment. Veuillez réessayer plus tard.", "Veuillez patienter un instant.",
                 "Motif, pour l'expéditeur (facultatif)", "fr" },
};

static enum language language_of(const struct http_request *request)
{
    return language_is_french(http_header(request, "Accept-Language")) ? FRENCH : ENGLISH;
}

/* ---- pages */

static void begin_page(struct buf *out, enum language language, const char *title)
{
    buf_add_format(out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">",
                   plain[language].html_language);
    buf_add_text(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Chappe</title><style>"
        ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:34rem;margin:4rem "
        "auto;padding:0 1rem}h1{font-weight:600;font-size:1.4rem}button,input{font:inherit;padding:.5rem 1rem}"
        "input{display:block;width:100%;box-sizing:border-box;margin:.3rem 0 1rem}</style></head><body><h1>");
    markup_add_text(out, title);
    buf_add_text(out, "</h1>");
}

static void answer_plain(struct http_reply *reply, enum language language, unsigned status, const char *text,
                         enum outcome outcome)
{
    struct buf *out = http_reply_body(reply);

    metric_add_at(&visits, 1, outcome, 0);
    http_reply_status(reply, status);
    begin_page(out, language, text);
    buf_add_text(out, "</body></html>\n");
}

static void answer_nothing(struct http_reply *reply, enum language language)
{
    answer_plain(reply, language, 404, plain[language].nothing, NOTHING);
}

/* What the link is about, where its reader may be reminded: the list that they would leave. */
static const char *subject_of(struct link_pages *pages, void *arena, const struct link_token *token)
{
    struct list_settings list;
    struct err err = ERR_INIT;

    if (token->act != LINK_UNSUBSCRIBE || !list_load(pages->directory, arena, (int64_t)token->a, &list, &err))
        return NULL;
    return *list.name ? talloc_asprintf(arena, "%s <%s>", list.name, list.address) : list.address;
}

static void ask(struct link_pages *pages, const struct http_request *request, const struct link_token *token,
                enum language language, struct http_reply *reply)
{
    const char *subject = subject_of(pages, http_arena(request), token);
    struct buf *out = http_reply_body(reply);

    metric_add_at(&visits, 1, ASKED, 0);
    begin_page(out, language, words[token->act][language].question);
    if (subject) {
        buf_add_text(out, "<p>");
        markup_add_text(out, subject);
        buf_add_text(out, "</p>");
    }
    buf_add_text(out, "<form method=\"post\">");
    if (token->act == LINK_REJECT)
        buf_add_format(out, "<label>%s<input name=\"reason\" maxlength=\"100\"></label>",
                       plain[language].reason);
    buf_add_format(out, "<button type=\"submit\">%s</button></form></body></html>\n",
                   words[token->act][language].button);
}

static void act(struct link_pages *pages, const struct config *config, const struct http_request *request,
                const struct link_token *token, enum language language, struct http_reply *reply)
{
    void *arena = http_arena(request);
    struct link_act_context context = { .accept = pages->accept,
                                        .host_name = config->hostname,
                                        .base_url = link_base(arena, config) };
    char *reason = form_text(arena, http_body(request), "reason", MODERATION_REASON_MAX);
    char peer[NET_ADDRESS_TEXT];
    struct err err = ERR_INIT;
    bool done;

    net_address_text(http_peer(request), peer);
    done = token->act == LINK_RELEASE
               ? release_for_recipient(pages->accept, (int64_t)token->a, (int64_t)token->b, peer, &err)
               : link_act(&context, token, peer, reason && *reason ? reason : NULL, &err);
    if (done) {
        answer_plain(reply, language, 200, plain[language].done, DONE);
    } else if (err_is_temporary(err.kind)) {
        log_err(LOG_LEVEL_WARNING, "link.act", &err);
        answer_plain(reply, language, 503, plain[language].later, LATER);
    } else {
        answer_nothing(reply, language);
    }
}

/* ---- who asks too often */

static uint64_t network_of(const struct http_request *request)
{
    char text[NET_ADDRESS_TEXT];
    uint64_t hash = UINT64_C(14695981039346656037);
    unsigned colons = 0, dots = 0;

    net_address_text(http_peer(request), text);
    for (const char *p = text; *p; p++) { /* a /24, or about a /64 */
        colons += *p == ':';
        dots += *p == '.';
        if (dots == 3 || colons == 4)
            break;
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    }
    return hash;
}

/* What a visit costs: a token that is none all of a try, one that is good next to nothing, because a large provider comes from few
 * networks for many people. 0: only looks. */
static bool asks_too_often(struct link_pages *pages, const struct http_request *request, int64_t cost_us)
{
    uint64_t network = network_of(request);
    struct visitor *visitor = &pages->visitors[network % SLOTS];
    int64_t now_us = clock_monotonic_us();
    bool is_too_often;

    pthread_mutex_lock(&pages->lock);
    if (visitor->network != network || visitor->full_us < now_us)
        *visitor = (struct visitor){ network, now_us };
    is_too_often = visitor->full_us + REFILL_US > now_us + BURST * REFILL_US;
    visitor->full_us += cost_us;
    pthread_mutex_unlock(&pages->lock);
    return is_too_often;
}

static enum link_verdict read_token(struct link_pages *pages, const struct http_request *request,
                                    const struct link_key *key, struct link_token *token_out)
{
    struct span text = span_text(http_path(request) + strlen(PREFIX));
    enum link_verdict verdict = link_token_read(key->bytes, text, clock_now_us(), token_out);

    asks_too_often(pages, request, verdict == LINK_FORGED ? REFILL_US : REFILL_US / GOOD_VISITS);
    return verdict;
}

void link_pages_answer(struct link_pages *pages, const struct config *config,
                       const struct http_request *request, struct http_reply *reply)
{
    enum language language = language_of(request);
    const char *method = http_method(request);
    bool is_reading = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    struct err err = ERR_INIT;
    struct link_token token;
    struct link_key key;

    http_reply_type(reply, "text/html; charset=utf-8");
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_header(reply, "Vary", "Accept-Language");
    http_reply_header(reply, "X-Robots-Tag", "noindex");
    if (asks_too_often(pages, request, 0)) {
        http_reply_header(reply, "Retry-After", "60");
        answer_plain(reply, language, 429, plain[language].too_many, TOO_MANY);
    } else if (!is_reading && strcmp(method, "POST") != 0) {
        http_reply_header(reply, "Allow", "GET, HEAD, POST");
        answer_plain(reply, language, 405, plain[language].nothing, NOTHING);
    } else if (!link_key(pages->directory, &key, &err)) {
        answer_plain(reply, language, 503, plain[language].later, LATER);
    } else if (read_token(pages, request, &key, &token) != LINK_GOOD) {
        answer_nothing(reply, language);
    } else if (is_reading) {
        ask(pages, request, &token, language, reply);
    } else {
        act(pages, config, request, &token, language, reply);
    }
}
