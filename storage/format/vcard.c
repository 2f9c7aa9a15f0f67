/* vcard.c -- one card, three ways to write it. */
#include "format/vcard.h"

#include "format/codec.h"

#include <string.h>
#include <talloc.h>

enum { LINE_BYTES = 75 };

const char *vcard_photo_type(struct span photo)
{
    static const struct {
        const char *begins;
        size_t length;
        const char *type;
    } kinds[] = { { "\xFF\xD8\xFF", 3, "jpeg" }, { "\x89PNG\r\n\x1A\n", 8, "png" }, { "GIF8", 4, "gif" } };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (span_length(photo) > kinds[i].length && memcmp(photo.p, kinds[i].begins, kinds[i].length) == 0)
            return kinds[i].type;
    return NULL;
}

/* ---- vCard */

/* A line of any length, folded between characters (RFC 6350, 3.2). */
static void add_line(struct buf *out, const struct buf *line)
{
    const char *p = line->p, *end = p + line->length;
    size_t room = LINE_BYTES;

    while ((size_t)(end - p) > room) {
        const char *cut = p + room;
        while ((*cut & 0xC0) == 0x80)
            cut--;
        buf_add(out, p, (size_t)(cut - p));
        buf_add_text(out, "\r\n ");
        p = cut;
        room = LINE_BYTES - 1;
    }
    buf_add(out, p, (size_t)(end - p));
    buf_add_text(out, "\r\n");
}

/* RFC 6350, 3.4. Control characters have no place. */
static void add_escaped(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            buf_add_text(out, "\\n");
        else if (strchr(",;\\", *p))
            buf_add_format(out, "\\%c", *p);
        else if ((unsigned char)*p >= ' ' && *p != 0x7F)
            buf_add_byte(out, *p);
    }
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    struct buf line = buf_owned_by(out->owner);

    if (*text == '\0')
        return;
    buf_add_text(&line, name);
    buf_add_byte(&line, ':');
    add_escaped(&line, text);
    add_line(out, &line);
    talloc_free(line.p);
}

/* Parts with semicolons between them, where there is anything in them. */
static void add_parts(struct buf *out, const char *name, const char *const *parts, size_t count)
{
    struct buf line = buf_owned_by(out->owner);
    bool is_empty = true;

    buf_add_text(&line, name);
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(&line, i == 0 ? ':' : ';');
        add_escaped(&line, parts[i]);
        is_empty = is_empty && *parts[i] == '\0';
    }
    if (!is_empty)
        add_line(out, &line);
    talloc_free(line.p);
}

static void add_name(struct buf *out, const struct vcard *card)
{
    const char *const parts[] = { *card->family || *card->given ? card->family : card->name, card->given,
                                  card->initials, "", "" };

    add_text(out, "FN", *card->name ? card->name : card->address_count > 0 ? card->addresses[0] : "?");
    add_parts(out, "N", parts, COUNT_OF(parts));
}

static void add_photo(struct buf *out, struct span photo, enum vcard_version version)
{
    struct buf line = buf_owned_by(out->owner);
    const char *type = vcard_photo_type(photo);

    if (!type)
        return;
    if (version == VCARD_4)
        buf_add_format(&line, "PHOTO:data:image/%s;base64,", type);
    else
        buf_add_format(&line, "PHOTO;ENCODING=b;TYPE=%s:",
                       strcmp(type, "jpeg") == 0  ? "JPEG"
                       : strcmp(type, "png") == 0 ? "PNG"
                                                  : "GIF");
    codec_add_base64(&line, photo);
    add_line(out, &line);
    talloc_free(line.p);
}

/* What differs between the two. */
static const char *const names[2][5] = {
    [VCARD_3] = { "EMAIL;TYPE=INTERNET,PREF", "EMAIL;TYPE=INTERNET", "TEL;TYPE=WORK,VOICE", "TEL;TYPE=CELL",
                  "TEL;TYPE=WORK,FAX" },
    [VCARD_4] = { "EMAIL;PREF=1", "EMAIL", "TEL;VALUE=text;TYPE=\"work,voice\"", "TEL;VALUE=text;TYPE=cell",
                  "TEL;VALUE=text;TYPE=\"work,fax\"" },
};
static const char *const kinds[] = { [VCARD_INDIVIDUAL] = "individual",
                                     [VCARD_GROUP] = "group",
                                     [VCARD_LOCATION] = "location",
                                     [VCARD_DEVICE] = "x-device" };

void vcard_add(struct buf *out, const struct vcard *card, enum vcard_version version)
{
    const char *const company[] = { card->company, card->department };
    const char *const place[] = { "",          card->office,      card->street, card->city,
                                  card->state, card->postal_code, card->country };

    buf_add_format(out, "BEGIN:VCARD\r\nVERSION:%s\r\n", version == VCARD_4 ? "4.0" : "3.0");
    add_text(out, "UID", card->uid);
    if (version == VCARD_4)
        add_text(out, "KIND", kinds[card->kind]);
    add_name(out, card);
    for (size_t i = 0; i < card->address_count; i++)
        add_text(out, names[version][i == 0 ? 0 : 1], card->addresses[i]);
    add_text(out, names[version][2], card->phone);
    add_text(out, names[version][3], card->mobile);
    add_text(out, names[version][4], card->fax);
    add_text(out, "TITLE", card->title);
    add_parts(out, "ORG", company, *card->department ? 2 : 1);
    add_parts(out, "ADR;TYPE=WORK", place, COUNT_OF(place));
    add_text(out, "NOTE", card->notes);
    add_text(out, "X-MANAGER", card->manager);
    add_photo(out, card->photo, version);
    buf_add_text(out, "END:VCARD\r\n");
}

/* ---- LDIF */

static bool is_safe(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || strchr(" :<", *text) || text[length - 1] == ' ')
        return length == 0;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7F)
            return false;
    return true;
}

static void add_attribute(struct buf *out, const char *name, struct span value, bool is_plain)
{
    if (span_is_empty(value))
        return;
    buf_add_text(out, name);
    buf_add_text(out, is_plain ? ": " : ":: ");
    if (is_plain)
        buf_add_span(out, value);
    else
        codec_add_base64(out, value);
    buf_add_byte(out, '\n');
}

static void add_ldif(struct buf *out, const char *name, const char *text)
{
    add_attribute(out, name, span_text(text), is_safe(text));
}

void vcard_add_dn_value(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (strchr(",+\"\\<>;=", *p) || (p == text && strchr(" #", *p)) || (p[1] == '\0' && *p == ' '))
            buf_add_byte(out, '\\');
        if ((unsigned char)*p >= ' ')
            buf_add_byte(out, *p);
    }
}

/* The name of the entry of whoever has the address. */
static void add_entry(struct buf *out, const char *name, const char *address, const char *base)
{
    struct buf dn = buf_owned_by(out->owner);

    buf_add_text(&dn, "mail=");
    vcard_add_dn_value(&dn, address);
    buf_add_format(&dn, ",%s", base);
    add_ldif(out, name, buf_text(&dn));
    talloc_free(dn.p);
}

void vcard_add_ldif(struct buf *out, const struct vcard *card, const char *base)
{
    add_entry(out, "dn", card->address_count > 0 ? card->addresses[0] : card->uid, base);
    buf_add_text(out, "objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\n"
                      "objectClass: inetOrgPerson\n");
    add_ldif(out, "cn", *card->name ? card->name : card->address_count > 0 ? card->addresses[0] : "?");
    add_ldif(out, "sn", *card->family ? card->family : *card->name ? card->name : "?");
    add_ldif(out, "givenName", card->given);
    add_ldif(out, "initials", card->initials);
    add_ldif(out, "displayName", card->name);
    for (size_t i = 0; i < card->address_count; i++)
        add_ldif(out, "mail", card->addresses[i]);
    add_ldif(out, "telephoneNumber", card->phone);
    add_ldif(out, "mobile", card->mobile);
    add_ldif(out, "facsimileTelephoneNumber", card->fax);
    add_ldif(out, "title", card->title);
    add_ldif(out, "o", card->company);
    add_ldif(out, "ou", card->department);
    add_ldif(out, "physicalDeliveryOfficeName", card->office);
    add_ldif(out, "street", card->street);
    add_ldif(out, "l", card->city);
    add_ldif(out, "st", card->state);
    add_ldif(out, "postalCode", card->postal_code);
    add_ldif(out, "description", card->notes);
    if (*card->manager_address)
        add_entry(out, "manager", card->manager_address, base);
    const char *type = vcard_photo_type(card->photo);
    if (type && strcmp(type, "jpeg") == 0)
        add_attribute(out, "jpegPhoto", card->photo, false);
    buf_add_byte(out, '\n');
}

void vcard_add_container(struct buf *out, const char *dn, const char *class_name, const char *type,
                         const char *name)
{
    add_ldif(out, "dn", dn);
    buf_add_format(out, "objectClass: top\nobjectClass: %s\n", class_name);
    add_ldif(out, type, name);
    buf_add_byte(out, '\n');
}

/* ---- CSV */

void vcard_add_csv_head(struct buf *out)
{
    buf_add_text(
        out, "name,given_name,surname,kind,address,other_addresses,phone,mobile,fax,title,department,company,"
             "office,street,city,state,postal_code,country,notes,initials,manager\r\n");
}

static void add_field(struct buf *out, const char *text, char after)
{
    buf_add_byte(out, '"');
    if (*text && strchr("=+-@\t\r", *text))
        buf_add_byte(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, *p);
    }
    buf_add_byte(out, '"');
    if (after)
        buf_add_byte(out, after);
}

void vcard_add_csv(struct buf *out, const struct vcard *card)
{
    struct buf others = buf_owned_by(out->owner);
    const char *const last[] = { card->phone,      card->mobile,  card->fax,         card->title,
                                 card->department, card->company, card->office,      card->street,
                                 card->city,       card->state,   card->postal_code, card->country };

    for (size_t i = 1; i < card->address_count; i++)
        buf_add_format(&others, "%s%s", i > 1 ? " " : "", card->addresses[i]);
    add_field(out, card->name, ',');
    add_field(out, card->given, ',');
    add_field(out, card->family, ',');
    add_field(out, kinds[card->kind], ',');
    add_field(out, card->address_count > 0 ? card->addresses[0] : "", ',');
    add_field(out, others.length > 0 ? buf_text(&others) : "", ',');
    for (size_t i = 0; i < COUNT_OF(last); i++)
        add_field(out, last[i], ',');
    add_field(out, card->notes, ',');
    add_field(out, card->initials, ',');
    add_field(out, card->manager_address, '\0');
    buf_add_text(out, "\r\n");
    talloc_free(others.p);
}
