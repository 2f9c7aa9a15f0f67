/* openpgp_letter.c -- see openpgp_letter.h. */
#include "jmap/openpgp_letter.h"

#include "extract/openpgp.h"
#include "format/address.h"
#include "format/autocrypt.h"
#include "format/codec.h"
#include "format/header.h"
#include "format/signed_text.h"
#include "format/text.h"
#include "jmap/email_part.h"

#include <talloc.h>

/* ---- whose it is */

const char *openpgp_address(const void *arena, const char *text)
{
    struct address address;

    return address_parse(arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD
               ? address_key(arena, &address)
               : NULL;
}

static const char *sender_of(const void *arena, struct span header)
{
    json_t *from = jmap_header_property(arena, header, "from");
    const char *email = json_string_value(json_object_get(json_array_get(from, 0), "email")), *key = NULL;

    if (email && json_array_size(from) == 1 && header_count(header, "From") == 1)
        key = openpgp_address(arena, email);
    json_decref(from);
    return key ? key : "";
}

/* ---- keys that came with it */

static bool decode(const void *arena, const struct letter_source *source, uint32_t number, size_t most,
                   struct span *bytes_out)
{
    const struct mime_part *part = email_part_at(source, number);
    struct buf bytes = buf_owned_by(arena);

    if (!codec_decode_all(mime_part_body(source->bytes, part), part->encoding, most + 1, &bytes) ||
        bytes.length > most)
        return false;
    *bytes_out = buf_span(&bytes);
    return true;
}

/* The sender's own, and one field alone: of several nobody knows which is meant (Autocrypt, level 1, 2.3). */
static void take_autocrypt(const void *arena, struct span header, struct openpgp_letter *letter)
{
    struct buf key = buf_owned_by(arena);
    const char *address, *whose;
    struct header_field field;

    if (header_count(header, "Autocrypt") != 1 || !header_find(header, "Autocrypt", &field) ||
        !autocrypt_read(arena, field.value, OPENPGP_KEY_MAX, &address, &key))
        return;
    whose = openpgp_address(arena, address);
    if (whose && strcmp(whose, letter->sender) == 0)
        letter->keys[letter->key_count++] = buf_span(&key);
}

static void take_attached(const void *arena, const struct letter_source *source,
                          struct openpgp_letter *letter)
{
    struct span key;

    for (uint32_t i = 0; i < source->index.count && letter->key_count < OPENPGP_LETTER_KEYS_MAX; i++)
        if (email_part_is(arena, source, i, "application/pgp-keys") &&
            decode(arena, source, i, OPENPGP_KEY_MAX, &key) && !span_is_empty(key)) {
            letter->keys[letter->key_count++] = key;
            letter->has_attached_key = true;
        }
}

/* ---- where it is */

/* What lies inside an attached message was said by somebody else, and is looked at where that message is opened. */
static bool is_inside(const struct letter_source *source, uint32_t number)
{
    for (uint32_t p = email_part_at(source, number)->parent; p != MIME_NO_PART;
         p = email_part_at(source, p)->parent)
        if (email_part_at(source, p)->kind == MIME_MESSAGE)
            return true;
    return false;
}

static uint32_t find(const void *arena, const struct letter_source *source,
                     bool (*is)(const void *arena, const struct letter_source *source, uint32_t number))
{
    for (uint32_t i = 0; i < source->index.count; i++)
        if (is(arena, source, i) && !is_inside(source, i))
            return i;
    return MIME_NO_PART;
}

/* ---- a signed part (RFC 3156, 5) */

static const char *protocol_of(const void *arena, const struct letter_source *source, uint32_t number)
{
    struct header_structured type;
    const char *protocol;

    header_structured_parse(
        arena, mime_part_field(source->bytes, email_part_at(source, number), MIME_CONTENT_TYPE), &type);
    protocol = header_parameter(&type, "protocol");
    return protocol ? email_lower(arena, span_text(protocol)) : "";
}

static bool is_signed(const void *arena, const struct letter_source *source, uint32_t number)
{
    return email_part_is(arena, source, number, "multipart/signed") &&
           (email_part_is(arena, source, email_part_child(source, number, 2), "application/pgp-signature") ||
            strcmp(protocol_of(arena, source, number), "application/pgp-signature") == 0);
}

/* The part with its header, lines ended by CRLF whatever they were stored with. */
static struct span signed_bytes(const void *arena, const struct letter_source *source, uint32_t number)
{
    const struct mime_part *part = email_part_at(source, number);
    struct span bytes =
        span_of(source->bytes.p + part->header_start, (size_t)(part->body_end - part->header_start));
    struct buf lines = buf_owned_by(arena);

    if (codec_is_crlf(bytes))
        return bytes;
    codec_add_crlf(&lines, bytes);
    return buf_span(&lines);
}

/* A third part beside the two would be shown, and is covered by nothing. */
static void take_signed(const void *arena, const struct letter_source *source, uint32_t number,
                        struct openpgp_letter *letter)
{
    uint32_t content = email_part_child(source, number, 1), signature = email_part_child(source, number, 2);

    letter->kind = OPENPGP_LETTER_TORN;
    if (content == MIME_NO_PART || !email_part_is(arena, source, signature, "application/pgp-signature") ||
        !decode(arena, source, signature, OPENPGP_SIGNATURE_MAX, &letter->signature) ||
        span_is_empty(letter->signature))
        return;
    letter->kind = OPENPGP_LETTER_SIGNED;
    letter->content = signed_bytes(arena, source, content);
    letter->is_whole = number == 0 && email_part_child(source, number, 3) == MIME_NO_PART;
}

/* ---- a signed text (RFC 9580, 7) */

static bool is_plain(const void *arena, const struct letter_source *source, uint32_t number)
{
    return email_part_is(arena, source, number, "text/plain");
}

/* The first text of the message. Whatever stands beside it, be it only another form of the same, may be what is shown. */
static void take_text(const void *arena, const struct letter_source *source, struct openpgp_letter *letter)
{
    static const enum openpgp_letter_kind kinds[] = { [SIGNED_TEXT_NONE] = OPENPGP_LETTER_PLAIN,
                                                      [SIGNED_TEXT_WHOLE] = OPENPGP_LETTER_SIGNED,
                                                      [SIGNED_TEXT_PART] = OPENPGP_LETTER_SIGNED,
                                                      [SIGNED_TEXT_BROKEN] = OPENPGP_LETTER_TORN,
                                                      [SIGNED_TEXT_SEALED] = OPENPGP_LETTER_SEALED };
    enum signed_text found;
    struct span text;
    uint32_t number = find(arena, source, is_plain);

    if (number == MIME_NO_PART || !decode(arena, source, number, TEXT_PART_MAX, &text))
        return;
    found = signed_text_find(text, &letter->content);
    letter->kind = kinds[found];
    letter->is_whole = found == SIGNED_TEXT_WHOLE && source->index.count == 1;
}

/* ---- all of it */

static bool is_sealed(const void *arena, const struct letter_source *source, uint32_t number)
{
    return email_part_is(arena, source, number, "application/pgp-encrypted");
}

void openpgp_letter_read(const void *arena, const struct letter_source *source,
                         struct openpgp_letter *letter_out)
{
    uint32_t number = find(arena, source, is_signed);

    *letter_out = (struct openpgp_letter){ .sender = sender_of(arena, source->header) };
    if (number != MIME_NO_PART)
        take_signed(arena, source, number, letter_out);
    else if (find(arena, source, is_sealed) != MIME_NO_PART)
        letter_out->kind = OPENPGP_LETTER_SEALED;
    else
        take_text(arena, source, letter_out);
    take_autocrypt(arena, source->header, letter_out);
    take_attached(arena, source, letter_out);
}
