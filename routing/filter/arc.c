/* arc.c -- a chain, checked from its newest set back to the first. */
#include "filter/arc.h"

#include "base/clock.h"
#include "dns/dns.h"
#include "filter/auth_results.h"
#include "filter/canonical.h"
#include "filter/dkim_record.h"
#include "filter/tags.h"
#include "format/codec.h"

#include <ctype.h>
#include <strings.h>
#include <talloc.h>

enum { NAME_MAX_BYTES = 255, SIGNATURE_MAX = 2048, FIELDS_MAX = HEADER_LINES_MAX };

static const char *const results[ARC_RESULTS] = { "none", "pass", "fail", "temperror" };

const char *arc_result_name(enum arc_result result)
{
    return results[result];
}

/* One check, with the keys that were asked for already. */
struct check {
    struct dns *dns;
    void *arena;
    int64_t deadline_us;
    struct arc_sets sets;
    struct {
        const char *name;
        struct dkim_record record;
        const char *fault; /* of the record; NULL: good */
    } keys[ARC_SETS_MAX + 1];
    size_t key_count;
    const char *fault; /* static */
    bool is_temporary;
};

static bool fails(struct check *c, const char *fault)
{
    c->fault = fault;
    return false;
}

/* ---- keys */

static bool is_name(const char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("-._", *name))
            return false;
    return true;
}

static bool ask_key(struct check *c, const char *name, struct dkim_record *record_out)
{
    struct dns_answer answer;

    if (strlen(name) > DNS_NAME_MAX || !is_name(name) || c->key_count == COUNT_OF(c->keys))
        return fails(c, "no key");
    dns_ask(c->dns, c->arena, name, DNS_TXT, c->deadline_us, &answer);
    if (answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS) {
        c->is_temporary = true;
        return fails(c, "the DNS did not answer");
    }
    c->keys[c->key_count].name = name;
    c->keys[c->key_count].fault =
        answer.count == 1 ? dkim_record_parse(c->arena, answer.records[0].text, &c->keys[c->key_count].record)
                          : "no key";
    *record_out = c->keys[c->key_count].record;
    c->fault = c->keys[c->key_count++].fault;
    return c->fault == NULL;
}

static bool find_key(struct check *c, struct span tags, struct dkim_record *record_out)
{
    const char *domain = tags_text(c->arena, tags, "d", NAME_MAX_BYTES);
    const char *selector = tags_text(c->arena, tags, "s", NAME_MAX_BYTES);
    char *name;

    if (!domain || !selector)
        return fails(c, "a signature without domain or selector");
    name = talloc_asprintf(c->arena, "%s._domainkey.%s", selector, domain);
    for (size_t i = 0; i < c->key_count; i++)
        if (strcasecmp(c->keys[i].name, name) == 0) {
            *record_out = c->keys[i].record;
            c->fault = c->keys[i].fault;
            return c->fault == NULL;
        }
    return ask_key(c, name, record_out);
}

/* Does b= of `tags` fit `bytes`? */
static bool fits(struct check *c, struct span tags, struct span bytes)
{
    const char *algorithm = tags_text(c->arena, tags, "a", 32);
    const char *base64 = tags_text(c->arena, tags, "b", SIGNATURE_MAX);
    struct buf signature = BUF_INIT(c->arena);
    struct dkim_record record;

    if (!algorithm || !base64 || !codec_take_base64(span_text(base64), SIGNATURE_MAX, &signature))
        return fails(c, "a signature that cannot be read");
    if (strcasecmp(algorithm, "rsa-sha256") != 0 && strcasecmp(algorithm, "ed25519-sha256") != 0)
        return fails(c, "a signature of an unknown kind");
    if (!find_key(c, tags, &record))
        return false;
    if ((record.kind == KEYPAIR_RSA) != (strcasecmp(algorithm, "rsa-sha256") == 0))
        return fails(c, "key of another kind");
    return keypair_verify(record.kind, record.key, bytes, buf_span(&signature)) ||
           fails(c, "signature mismatch");
}

/* ---- the message signature of the newest set (5.2, 4) */

struct fields {
    struct header_field list[FIELDS_MAX];
    bool is_used[FIELDS_MAX];
    size_t count;
};

/* The lowest one of that name which was not taken yet (RFC 6376, 5.4.2). */
static const struct header_field *take_field(struct fields *fields, struct span name)
{
    char text[128];

    if (span_length(name) >= sizeof text)
        return NULL;
    memcpy(text, name.p, span_length(name));
    text[span_length(name)] = '\0';
    for (size_t i = fields->count; i-- > 0;)
        if (!fields->is_used[i] && span_equals_nocase(fields->list[i].name, text)) {
            fields->is_used[i] = true;
            return &fields->list[i];
        }
    return NULL;
}

static bool add_named(struct check *c, struct buf *out, struct fields *fields, struct span names,
                      enum canonical_form form)
{
    bool has_from = false, is_last = false;

    for (size_t count = 0; !is_last; count++) {
        const struct header_field *field;
        struct span name;

        is_last = !span_take_until(&names, ':', &name);
        if (is_last)
            name = names;
        name = span_trim(name);
        if (count == ARC_NAMES_MAX || span_equals_nocase(name, "ARC-Seal"))
            return fails(c, "a signature over what it may not cover");
        has_from = has_from || span_equals_nocase(name, "From");
        field = take_field(fields, name);
        if (field) {
            canonical_add_field(out, field, form);
            buf_add_text(out, "\r\n");
        }
    }
    return has_from || fails(c, "a signature that leaves out From");
}

static bool body_fits(struct check *c, struct span tags, struct span body, enum canonical_form form)
{
    const char *wanted = tags_text(c->arena, tags, "bh", 128);
    struct buf found = BUF_INIT(c->arena);
    uint8_t digest[SHA256_BYTES];

    canonical_hash_body(body, form, digest);
    codec_add_base64(&found, span_of(digest, sizeof digest));
    return (wanted && span_equals_text(buf_span(&found), wanted)) || fails(c, "body hash mismatch");
}

/* x=: not later than (RFC 6376, 3.5). */
static bool is_expired(struct span tags)
{
    struct span value;
    uint64_t until;

    return tags_find(tags, "x", &value) && span_take_u64(&value, &until) &&
           until < (uint64_t)(clock_now_us() / US_PER_S);
}

static bool message_fits(struct check *c, struct span message)
{
    const struct header_field *signature = &c->sets.sets[c->sets.count - 1].signature;
    struct span tags = signature->value, header = span_of(message.p, header_block_length(message)), value;
    enum canonical_form header_form = CANONICAL_SIMPLE, body_form = CANONICAL_SIMPLE;
    struct fields *fields = talloc_zero(c->arena, struct fields);
    struct buf bytes = BUF_INIT(c->arena), own = BUF_INIT(c->arena);
    struct header_field bare = *signature;

    if (tags_find(tags, "c", &value) && !canonical_forms_parse(value, &header_form, &body_form))
        return fails(c, "an unknown canonical form");
    if (tags_find(tags, "l", &value))
        return fails(c, "covers a part of the body only");
    if (is_expired(tags))
        return fails(c, "expired");
    while (fields->count < FIELDS_MAX && header_next(&header, &fields->list[fields->count]))
        fields->count++;
    if (!tags_find(tags, "h", &value))
        return fails(c, "a signature without fields");
    if (!body_fits(c, tags, span_part(message, header_block_length(message), SIZE_MAX), body_form) ||
        !add_named(c, &bytes, fields, value, header_form))
        return false;
    bare.value = canonical_without_signature(c->arena, signature->value);
    if (header_form == CANONICAL_SIMPLE) {
        buf_add_span(&own, (struct span){ signature->whole.p, signature->value.p });
        buf_add_span(&own, bare.value);
        bare.whole = buf_span(&own);
    }
    canonical_add_field(&bytes, &bare, header_form);
    return fits(c, tags, buf_span(&bytes));
}

/* ---- the seals */

/* cv= is none in the first and pass in all others (5.2, 3). */
static bool marks_are_good(struct check *c)
{
    for (size_t i = 0; i < c->sets.count; i++) {
        struct span mark;

        if (!tags_find(c->sets.sets[i].seal.value, "cv", &mark))
            return fails(c, "a seal without cv=");
        if (!span_equals_nocase(mark, i == 0 ? "none" : "pass"))
            return fails(c,
                         span_equals_nocase(mark, "fail") ? "was broken before" : "a seal with a wrong cv=");
    }
    return true;
}

static bool seals_fit(struct check *c)
{
    for (size_t i = c->sets.count; i-- > 0;) {
        struct span tags = c->sets.sets[i].seal.value, unused;
        struct buf bytes = BUF_INIT(c->arena);
        bool ok;

        if (tags_find(tags, "h", &unused))
            return fails(c, "a seal with h="); /* 4.1.3 */
        arc_add_sealed(&bytes, &c->sets, 0, i);
        ok = fits(c, tags, buf_span(&bytes));
        talloc_free(bytes.p);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- the answer */

static char *printable(const void *owner, const char *text)
{
    char *copy = talloc_strdup(owner, text ? text : "");

    for (char *p = copy; *p; p++)
        *p = *p > ' ' && *p < 127 ? (char)tolower((unsigned char)*p) : '?';
    return copy;
}

static void list_hops(const struct check *c, const void *owner, struct arc_answer *out)
{
    out->hops = talloc_zero_array(owner, struct arc_hop, (unsigned)c->sets.count + 1);
    out->count = c->sets.count;
    for (size_t i = 0; i < out->count; i++) {
        struct span rest = c->sets.sets[i].results.value, instance;

        if (span_take_until(&rest, ';', &instance))
            out->hops[i].results = rest;
        out->hops[i].sealer =
            printable(out->hops, tags_text(c->arena, c->sets.sets[i].seal.value, "d", NAME_MAX_BYTES));
    }
}

void arc_check(struct dns *dns, const void *owner, struct span message, int64_t deadline_us,
               struct arc_answer *answer_out)
{
    void *arena = talloc_new(NULL);
    struct check *c = talloc_zero(arena, struct check);

    *answer_out = (struct arc_answer){ .result = ARC_NONE };
    c->dns = dns;
    c->arena = arena;
    c->deadline_us = deadline_us;
    c->fault = arc_sets_read(&c->sets, span_of(message.p, header_block_length(message)));
    if (!c->fault && c->sets.count > 0)
        list_hops(c, owner, answer_out);
    if (c->fault || c->sets.count > 0) {
        bool ok = !c->fault && marks_are_good(c) && message_fits(c, message) && seals_fit(c);

        answer_out->result = ok ? ARC_PASS : c->is_temporary ? ARC_TEMPERROR : ARC_FAIL;
        answer_out->cause = ok ? NULL : c->fault;
    }
    talloc_free(arena);
}

/* ---- whom we believe */

/* Is the domain one of the words, or below it? */
static bool is_trusted(const char *domain, const char *trusted)
{
    size_t length = strlen(domain);

    while (*trusted) {
        size_t word = strcspn(trusted, " ,");

        if (word > 0 && word <= length && strncasecmp(domain + length - word, trusted, word) == 0 &&
            (word == length || domain[length - word - 1] == '.'))
            return true;
        trusted += word;
        trusted += strspn(trusted, " ,");
    }
    return false;
}

bool arc_is_sealed_by(const struct arc_answer *answer, const char *trusted)
{
    return answer->count > 0 && is_trusted(answer->hops[answer->count - 1].sealer, trusted);
}

static bool says_passed(struct span value, const char *from_domain)
{
    struct auth_method method;
    char domain[NAME_MAX_BYTES + 1];

    if (!auth_results_begin(&value, NULL))
        return false;
    while (auth_results_next(&value, &method))
        if (span_equals_nocase(method.method, "dmarc") && span_equals_nocase(method.result, "pass") &&
            auth_results_property(&method, "header.from", domain, sizeof domain) &&
            strcasecmp(domain, from_domain) == 0)
            return true;
    return false;
}

const char *arc_trusted_word(const void *owner, const struct arc_answer *answer, const char *trusted,
                             const char *from_domain)
{
    if (answer->result != ARC_PASS || !from_domain)
        return NULL;
    for (size_t i = answer->count; i-- > 0 && is_trusted(answer->hops[i].sealer, trusted);)
        if (says_passed(answer->hops[i].results, from_domain))
            return talloc_strdup(owner, answer->hops[i].sealer);
    return NULL;
}
