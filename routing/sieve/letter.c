/* letter.c -- headers of letters. */
#include "sieve/letter.h"

#include "base/digest.h"
#include "format/address.h"
#include "format/charset.h"
#include "format/codec.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"

#include <strings.h>
#include <talloc.h>

enum { REFERENCES_MAX = 20, SUBJECT_BYTES_MAX = 900, TEXT_LINE_MAX = 990 };

static const struct field *find(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->fields->count; i++)
        if (span_equals_nocase(run->fields->items[i].name, name))
            return &run->fields->items[i];
    return NULL;
}

const char *letter_field(struct run *run, const char *name)
{
    const struct field *field = find(run, name);

    return field ? header_decode(run->scratch, field->value) : NULL;
}

/* ---- who is answered */

static const char *key_of(struct run *run, struct span address)
{
    struct address parsed;

    if (address_parse(run->scratch, span_trim(address), ADDRESS_ACCEPT_UTF8, &parsed) != ADDRESS_GOOD)
        return NULL;
    return address_user_key(run->scratch, &parsed);
}

static bool is_key_of(struct run *run, const char *key, struct span address)
{
    const char *own = key_of(run, address);

    return own && strcmp(own, key) == 0;
}

bool letter_is_own(struct run *run, struct span address, const struct list *more)
{
    const char *key = key_of(run, address);

    if (!key)
        return false;
    for (size_t i = 0; i < run->who->address_count; i++)
        if (is_key_of(run, key, span_text(run->who->addresses[i])))
            return true;
    for (size_t i = 0; more && i < more->count; i++)
        if (is_key_of(run, key, more->items[i]))
            return true;
    return is_key_of(run, key, span_text(run->who->address));
}

/* Senders that are programs by their names. */
static bool is_robot(const char *address)
{
    static const char *const names[] = { "mailer-daemon", "listserv", "majordomo",  "postmaster",
                                         "noreply",       "no-reply", "donotreply", "do-not-reply" };
    const char *at = strrchr(address, '@');
    struct span local = at ? span_of(address, (size_t)(at - address)) : span_text(address);
    size_t length = span_length(local);

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(local, names[i]))
            return true;
    return span_starts_nocase(local, "owner-") ||
           (length > 8 && span_equals_nocase(span_part(local, length - 8, 8), "-request")) ||
           (length > 8 && span_equals_nocase(span_part(local, length - 8, 8), "-bounces")) ||
           (length > 6 && span_equals_nocase(span_part(local, length - 6, 6), "-owner"));
}

static bool has_list_field(struct run *run)
{
    for (size_t i = 0; i < run->fields->count; i++)
        if (span_starts_nocase(run->fields->items[i].name, "List-") ||
            span_equals_nocase(run->fields->items[i].name, "Mailing-List"))
            return true;
    return false;
}

static bool says(struct run *run, const char *name, const char *const *words)
{
    const char *text = letter_field(run, name);

    for (; text && *words; words++)
        if (strcasestr(text, *words))
            return true;
    return false;
}

bool letter_is_automatic(struct run *run)
{
    static const char *const bulk[] = { "bulk", "junk", "list", "auto_reply", NULL };
    static const char *const suppressed[] = { "OOF", "AutoReply", "All", NULL };
    const char *submitted = letter_field(run, "Auto-Submitted");
    struct span word = submitted ? span_text(submitted) : span_text("no"), token;

    if (!*run->message->envelope_from || is_robot(run->message->envelope_from) || has_list_field(run))
        return true;
    if (!header_take_token(&word, &token) || !span_equals_nocase(token, "no"))
        return true;
    return says(run, "Precedence", bulk) || says(run, "X-Auto-Response-Suppress", suppressed);
}

/* ---- header */

static const char *host_of(struct run *run)
{
    const char *at = strrchr(run->who->address, '@');

    return at ? at + 1 : "localhost";
}

/* Unique, and the same when the same message is judged again. */
static void add_message_id(struct run *run, struct buf *out, struct span seed)
{
    struct sha256 *sha = sha256_new(run->scratch);
    uint8_t digest[SHA256_BYTES];

    sha256_add(sha, run->message->bytes);
    sha256_add(sha, span_text(run->who->address));
    sha256_add(sha, span_of(&run->message->now_us, sizeof run->message->now_us));
    sha256_add(sha, seed);
    sha256_finish(sha, digest);
    buf_add_text(out, "Message-ID: ");
    message_id_add(out, run->message->now_us, digest, host_of(run));
    buf_add_text(out, "\r\n");
}

static void add_from(struct run *run, struct buf *out, struct span from)
{
    struct address_list list;
    const char *name = run->who->name, *address = run->who->address;

    if (!span_is_empty(from)) {
        address_list_parse(run->scratch, from, &list);
        if (list.count == 1 && list.items[0].kind == ADDRESS_MAILBOX) {
            name = address_item_name(run->scratch, &list.items[0]);
            address = address_item_text(run->scratch, &list.items[0]);
        }
    }
    buf_add_text(out, "From: ");
    header_add_address(out, name, address);
    buf_add_text(out, "\r\n");
}

void letter_begin(struct run *run, struct buf *out, struct span from, const char *submitted, struct span seed)
{
    char date[DATE_TEXT_MAX];

    date_render(date, (struct date){ run->message->now_us, 0 });
    buf_add_format(out, "Date: %s\r\n", date);
    add_message_id(run, out, seed);
    add_from(run, out, from.p ? from : span_text(""));
    buf_add_format(out, "Auto-Submitted: %s\r\n", submitted);
}

static void add_ids(struct run *run, struct buf *out, const char *name, unsigned *left)
{
    const struct field *field = find(run, name);
    struct span value = field ? field->value : span_text(""), id;

    while (*left > 0 && header_next_message_id(&value, &id)) {
        const char *canonical = message_id_canonical(run->scratch, id);

        if (!*canonical || strpbrk(canonical, "\r\n<>"))
            continue;
        buf_add_format(out, "%s<%s>", out->length > 0 ? "\r\n " : "", canonical);
        --*left;
    }
}

void letter_add_references(struct run *run, struct buf *out)
{
    struct buf id = BUF_INIT(run->scratch), ids = BUF_INIT(run->scratch);
    unsigned one = 1, left = REFERENCES_MAX;

    add_ids(run, &id, "Message-ID", &one);
    if (one > 0)
        return;
    add_ids(run, &ids, find(run, "References") ? "References" : "In-Reply-To", &left);
    left += 1;
    add_ids(run, &ids, "Message-ID", &left);
    buf_add_text(out, "In-Reply-To: ");
    buf_add_span(out, buf_span(&id));
    buf_add_text(out, "\r\nReferences: ");
    buf_add_span(out, buf_span(&ids));
    buf_add_text(out, "\r\n");
}

/* ---- body */

static bool has_long_line(struct span text)
{
    struct span line;

    while (span_take_line(&text, &line))
        if (span_length(line) > TEXT_LINE_MAX)
            return true;
    return false;
}

void letter_add_text(struct buf *out, struct span text)
{
    bool is_ascii = utf8_is_ascii(text) && !has_long_line(text);

    buf_add_format(out,
                   "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: %s\r\n\r\n",
                   is_ascii ? "7bit" : "quoted-printable");
    if (is_ascii) {
        codec_add_crlf(out, text);
    } else {
        struct buf lines = BUF_INIT(out->owner);

        codec_add_crlf(&lines, text);
        codec_add_quoted_printable(out, lines.p ? buf_span(&lines) : span_text(""));
    }
    if (out->p[out->length - 1] != '\n')
        buf_add_text(out, "\r\n");
}
