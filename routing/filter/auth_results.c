/* auth_results.c -- one method a line. */
#include "filter/auth_results.h"

#include "filter/arc.h"

#include "format/header.h"

#include <ctype.h>
#include <stdio.h>

static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if (!isalnum((unsigned char)*value) && !strchr("-._@+:/=", *value))
            return false;
    return true;
}

/* A token, or a quoted string of printable bytes and UTF-8. */
static void add_value(struct buf *out, const char *value)
{
    if (is_plain(value)) {
        buf_add_text(out, value);
        return;
    }
    buf_add_byte(out, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, (unsigned char)*value < ' ' || *value == 127 ? '?' : *value);
    }
    buf_add_byte(out, '"');
}

static void add_method(struct buf *out, const char *method, const char *result)
{
    buf_add_format(out, ";\r\n\t%s=%s", method, result);
}

static void add_property(struct buf *out, const char *name, const char *value)
{
    buf_add_format(out, " %s=", name);
    add_value(out, value);
}

static void add_spf(struct buf *out, const struct auth_results *r)
{
    add_method(out, "spf", spf_result_name(r->spf->result));
    if (r->spf->cause)
        buf_add_format(out, " (%s)", r->spf->cause);
    if (r->spf->is_helo)
        add_property(out, "smtp.helo", r->spf->domain);
    else
        add_property(out, "smtp.mailfrom", r->sender);
}

static void add_dkim(struct buf *out, const struct auth_results *r)
{
    if (r->signature_count == 0)
        add_method(out, "dkim", "none");
    for (size_t i = 0; i < r->signature_count; i++) {
        const struct dkim_signature *s = &r->signatures[i];

        add_method(out, "dkim", dkim_result_name(s->result));
        if (s->cause)
            buf_add_format(out, " (%s)", s->cause);
        add_property(out, "header.d", s->domain);
        add_property(out, "header.s", s->selector);
    }
}

static void add_dmarc(struct buf *out, const struct auth_results *r)
{
    add_method(out, "dmarc", dmarc_result_name(r->dmarc->result));
    if (r->dmarc->result != DMARC_NONE && r->arc_sealer)
        buf_add_format(out, " (p=%s, passed for %s)", dmarc_policy_name(r->dmarc->policy), r->arc_sealer);
    else if (r->dmarc->result != DMARC_NONE)
        buf_add_format(out, " (p=%s)", dmarc_policy_name(r->dmarc->policy));
    add_property(out, "header.from", r->from_domain);
}

/* Of a chain that cannot be judged now nothing is said: whoever hands it on would seal that for ever. */
static void add_arc(struct buf *out, const struct arc_answer *arc)
{
    if (arc->result == ARC_TEMPERROR)
        return;
    add_method(out, "arc", arc_result_name(arc->result));
    if (arc->cause)
        buf_add_format(out, " (%s)", arc->cause);
}

void auth_results_add(struct buf *out, const struct auth_results *r)
{
    size_t before;

    buf_add_text(out, "Authentication-Results: ");
    buf_add_text(out, r->authserv_id);
    before = out->length;
    if (r->login) {
        add_method(out, "auth", "pass");
        add_property(out, "smtp.auth", r->login);
    }
    if (r->host) {
        add_method(out, "iprev", r->host);
        add_property(out, "policy.iprev", r->peer);
    }
    if (r->spf)
        add_spf(out, r);
    if (r->is_dkim_checked)
        add_dkim(out, r);
    if (r->arc)
        add_arc(out, r->arc);
    if (r->dmarc)
        add_dmarc(out, r);
    if (out->length == before)
        buf_add_text(out, "; none");
    buf_add_text(out, "\r\n");
}

bool auth_results_is_of(struct span value, const char *authserv_id)
{
    struct span rest = value, token;
    char id[256];
    size_t length = 0;

    header_skip_cfws(&rest);
    if (span_take_byte(&rest, '"')) { /* a quoted one: without its marks */
        for (; rest.p < rest.end && *rest.p != '"' && length < sizeof id - 1; rest.p++) {
            rest.p += *rest.p == '\\' && rest.p + 1 < rest.end;
            id[length++] = *rest.p;
        }
        id[length] = '\0';
        return span_equals_nocase(span_of(id, length), authserv_id) || rest.p == rest.end;
    }
    token = rest;
    while (rest.p < rest.end && !strchr(" \t\r\n;(", *rest.p) && *rest.p)
        rest.p++;
    token.end = rest.p;
    return span_is_empty(token) || span_equals_nocase(token, authserv_id);
}
