/* answer.c -- a table of properties: which places have them, and what they say. */
#include "dav/answer.h"

#include <string.h>
#include <talloc.h>

#define DAV_SPACE "DAV:"
#define CARD_SPACE "urn:ietf:params:xml:ns:carddav"
#define SERVER_SPACE "http://calendarserver.org/ns/"
#define ON(kind) (1u << (kind))
#define ON_ALL                                                                                               \
    (ON(DAV_ROOT) | ON(DAV_PRINCIPALS) | ON(DAV_PRINCIPAL) | ON(DAV_HOME) | ON(DAV_BOOK) | ON(DAV_CARD))
#define ON_COLLECTIONS (ON_ALL & ~ON(DAV_CARD))

typedef void write(struct dav_call *call, struct buf *out, const struct dav_object *object);

void answer_add_text(struct buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '&')
            buf_add_text(out, "&amp;");
        else if (*p == '<')
            buf_add_text(out, "&lt;");
        else if (*p == '>')
            buf_add_text(out, "&gt;");
        else if (*p == '\r')
            buf_add_text(out, "&#13;");
        else if ((unsigned char)*p >= ' ' || *p == '\n' || *p == '\t')
            buf_add_byte(out, *p);
    }
}

static void add_href(struct dav_call *call, struct buf *out, struct dav_place place)
{
    buf_add_text(out, "<D:href>");
    answer_add_text(out, dav_path_of(call->arena, &place));
    buf_add_text(out, "</D:href>");
}

static void own_principal(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)object;
    add_href(call, out, (struct dav_place){ .kind = DAV_PRINCIPAL, .login = call->identity->login });
}

static void home(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)object;
    add_href(call, out, (struct dav_place){ .kind = DAV_HOME });
}

static void principals(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)object;
    add_href(call, out, (struct dav_place){ .kind = DAV_PRINCIPALS });
}

static void type(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    if (object->place.kind != DAV_CARD)
        buf_add_text(out, "<D:collection/>");
    if (object->place.kind == DAV_PRINCIPAL)
        buf_add_text(out, "<D:principal/>");
    if (object->place.kind == DAV_BOOK)
        buf_add_text(out, "<C:addressbook/>");
}

static void display_name(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    answer_add_text(out, object->place.kind == DAV_PRINCIPAL ? call->identity->name
                         : object->place.kind == DAV_BOOK
                             ? (object->book->name ? object->book->name : "Global Address List")
                             : "Chappe");
}

static void etag(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    buf_add_format(out, "\"%s\"", object->tag);
}

static void content_type(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    (void)object;
    buf_add_text(out, "text/vcard; charset=utf-8");
}

static void address_data(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    struct buf text = BUF_INIT(call->arena);

    dav_add_card(&text, object->card, object->is_version_4);
    answer_add_text(out, buf_text(&text));
}

static void sync_token(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    answer_add_text(out, object->sync_token ? object->sync_token : "");
}

static void privileges(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    (void)object;
    buf_add_text(out, "<D:privilege><D:read/></D:privilege>"
                      "<D:privilege><D:read-current-user-privilege-set/></D:privilege>");
}

static void reports(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    if (object->place.kind == DAV_BOOK)
        buf_add_text(out,
                     "<D:supported-report><D:report><C:addressbook-query/></D:report></D:supported-report>"
                     "<D:supported-report><D:report><C:addressbook-multiget/></D:report></D:supported-report>"
                     "<D:supported-report><D:report><D:sync-collection/></D:report></D:supported-report>");
}

static void versions(struct dav_call *call, struct buf *out, const struct dav_object *object)
{
    (void)call;
    (void)object;
    buf_add_text(out, "<C:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>"
                      "<C:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>");
}

static const struct property {
    const char *space, *name;
    unsigned places;
    bool is_standard; /* in allprop */
    write *write;
} properties[] = {
    { DAV_SPACE, "resourcetype", ON_ALL, true, type },
    { DAV_SPACE, "displayname", ON_COLLECTIONS, true, display_name },
    { DAV_SPACE, "getetag", ON(DAV_CARD), true, etag },
    { DAV_SPACE, "getcontenttype", ON(DAV_CARD), true, content_type },
    { DAV_SPACE, "current-user-principal", ON_ALL, false, own_principal }, /* RFC 5397 */
    { DAV_SPACE, "principal-URL", ON(DAV_PRINCIPAL), false, own_principal },
    { DAV_SPACE, "owner", ON(DAV_HOME) | ON(DAV_BOOK), false, own_principal },
    { DAV_SPACE, "principal-collection-set", ON_ALL, false, principals },
    { DAV_SPACE, "current-user-privilege-set", ON(DAV_HOME) | ON(DAV_BOOK) | ON(DAV_CARD), false,
      privileges },
    { DAV_SPACE, "supported-report-set", ON_COLLECTIONS, false, reports },
    { DAV_SPACE, "sync-token", ON(DAV_BOOK), false, sync_token },
    { SERVER_SPACE, "getctag", ON(DAV_BOOK), false, sync_token },
    { CARD_SPACE, "addressbook-home-set", ON(DAV_PRINCIPAL), false, home },
    { CARD_SPACE, "addressbook-description", ON(DAV_BOOK), false, display_name },
    { CARD_SPACE, "supported-address-data", ON(DAV_BOOK), false, versions },
    { CARD_SPACE, "address-data", ON(DAV_CARD), false, address_data },
};

bool answer_wants(const struct body *body, const char *name)
{
    for (size_t i = 0; i < body->property_count; i++)
        if (strcmp(body->properties[i].name, name) == 0)
            return true;
    return false;
}

static const struct property *property_of(const struct body_name *wanted, const struct dav_object *object)
{
    for (size_t i = 0; i < COUNT_OF(properties); i++)
        if ((properties[i].places & ON(object->place.kind)) &&
            strcmp(properties[i].name, wanted->name) == 0 &&
            strcmp(properties[i].space, wanted->space) == 0 &&
            (properties[i].write != address_data || object->card))
            return &properties[i];
    return NULL;
}

static const char *prefix_of(const char *space)
{
    return strcmp(space, DAV_SPACE) == 0 ? "D" : strcmp(space, CARD_SPACE) == 0 ? "C" : "S";
}

static void add_property(struct dav_call *call, struct buf *out, const struct property *property,
                         const struct dav_object *object, bool has_value)
{
    const char *prefix = prefix_of(property->space);

    buf_add_format(out, "<%s:%s>", prefix, property->name);
    if (has_value)
        property->write(call, out, object);
    buf_add_format(out, "</%s:%s>", prefix, property->name);
}

static void add_standard(struct dav_call *call, struct buf *out, const struct body *body,
                         const struct dav_object *object)
{
    for (size_t i = 0; i < COUNT_OF(properties); i++)
        if ((properties[i].places & ON(object->place.kind)) && properties[i].write != address_data &&
            (properties[i].is_standard || body->wants_names))
            add_property(call, out, &properties[i], object, !body->wants_names);
}

/* What it has not, under the name space that was asked for. */
static size_t add_missing(struct buf *out, const struct body *body, const struct dav_object *object)
{
    size_t count = 0;

    for (size_t i = 0; i < body->property_count; i++) {
        if (property_of(&body->properties[i], object))
            continue;
        count++;
        buf_add_format(out, "<x:%s xmlns:x=\"", body->properties[i].name);
        for (const char *p = body->properties[i].space; *p; p++)
            if (*p == '"')
                buf_add_text(out, "&quot;");
            else
                answer_add_text(out, (const char[]){ *p, '\0' });
        buf_add_text(out, "\"/>");
    }
    return count;
}

void answer_begin(struct buf *out)
{
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"" DAV_SPACE
                      "\" xmlns:C=\"" CARD_SPACE "\" xmlns:S=\"" SERVER_SPACE "\">");
}

void answer_end(struct buf *out)
{
    buf_add_text(out, "</D:multistatus>\n");
}

void answer_add(struct dav_call *call, struct buf *out, const struct body *body,
                const struct dav_object *object)
{
    struct buf missing = BUF_INIT(call->arena);

    buf_add_text(out, "\n<D:response>");
    add_href(call, out, object->place);
    buf_add_text(out, "<D:propstat><D:prop>");
    if (body->wants_all || body->wants_names)
        add_standard(call, out, body, object);
    for (size_t i = 0; i < body->property_count; i++) {
        const struct property *property = property_of(&body->properties[i], object);
        if (property)
            add_property(call, out, property, object, true);
    }
    buf_add_text(out, "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
    if (add_missing(&missing, body, object) > 0) {
        buf_add_text(out, "<D:propstat><D:prop>");
        buf_add_span(out, buf_span(&missing));
        buf_add_text(out, "</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>");
    }
    buf_add_text(out, "</D:response>");
    talloc_free(missing.p);
}

void answer_add_status(struct buf *out, const char *href, const char *status)
{
    buf_add_text(out, "\n<D:response><D:href>");
    answer_add_text(out, href);
    buf_add_format(out, "</D:href><D:status>%s</D:status></D:response>", status);
}
