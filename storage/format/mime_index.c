/*
 * mime_index.c -- the one pass over a message. It walks line by line with a stack of the parts that are open;
 * what a line means depends only on that stack and on whether the innermost part is still in its header.
 */
#include "format/header.h"
#include "format/mime.h"

#include <talloc.h>

/* A multipart on the stack is closed for new parts once its closing delimiter was read. */
struct open_part {
    uint32_t part;
    uint64_t first_line;  /* line ends before the body */
    struct span boundary; /* empty: no delimiter line can match */
    uint32_t boundary_hash;
    uint32_t children;
};

struct pass {
    const void *owner;
    struct span message;
    struct mime_index *index;
    uint32_t capacity;
    struct open_part stack[MIME_DEPTH_MAX + 1];
    uint32_t open;        /* parts on the stack */
    uint32_t boundaries;  /* of them, with a boundary */
    uint64_t lines;       /* line ends read so far */
    uint64_t header_line; /* line ends before the current header */
    bool is_in_header;
    int field; /* enum mime_field that a continuation line belongs to, or -1 */
};

static const char *const field_names[MIME_FIELDS] = {
    [MIME_CONTENT_TYPE] = "type",
    [MIME_CONTENT_ENCODING] = "transfer-encoding",
    [MIME_CONTENT_DISPOSITION] = "disposition",
    [MIME_CONTENT_ID] = "id",
    [MIME_CONTENT_DESCRIPTION] = "description",
    [MIME_CONTENT_LANGUAGE] = "language",
    [MIME_CONTENT_LOCATION] = "location",
    [MIME_CONTENT_MD5] = "md5",
};

static const struct {
    const char *name;
    enum mime_encoding encoding;
} encodings[] = {
    { "7bit", MIME_7BIT },
    { "8bit", MIME_8BIT },
    { "binary", MIME_BINARY },
    { "base64", MIME_BASE64 },
    { "quoted-printable", MIME_QUOTED_PRINTABLE },
    { "x-uuencode", MIME_UUENCODE },
    { "uuencode", MIME_UUENCODE },
    { "x-uue", MIME_UUENCODE },
};

static uint64_t offset_of(const struct pass *pass, const char *p)
{
    return (uint64_t)(p - pass->message.p);
}

static struct open_part *innermost(struct pass *pass)
{
    return &pass->stack[pass->open - 1];
}

static struct mime_part *part_at(struct pass *pass, uint32_t depth)
{
    return &pass->index->parts[pass->stack[depth].part];
}

static struct mime_part *current(struct pass *pass)
{
    return part_at(pass, pass->open - 1);
}

/* Only to compare quickly; equality is checked on the bytes. */
static uint32_t hash_of(const char *p, size_t length)
{
    uint32_t hash = (uint32_t)length * UINT32_C(0x9E3779B1);

    for (; length >= 4; p += 4, length -= 4) {
        uint32_t four;

        memcpy(&four, p, 4);
        hash = (hash ^ four) * UINT32_C(0x85EBCA6B);
    }
    for (; length > 0; p++, length--)
        hash = (hash ^ (unsigned char)*p) * UINT32_C(0xC2B2AE35);
    return hash;
}

/* --- opening and closing parts ------------------------------------------------------------------- */

static void open_part(struct pass *pass, const char *at, uint32_t parent, uint32_t number)
{
    struct mime_index *index = pass->index;

    if (index->count == pass->capacity) {
        pass->capacity *= 2;
        index->parts = talloc_realloc(pass->owner, index->parts, struct mime_part, pass->capacity);
    }
    index->parts[index->count] = (struct mime_part){
        .parent = parent, .number = number, .depth = (uint16_t)pass->open, .header_start = offset_of(pass, at)
    };
    pass->stack[pass->open++] = (struct open_part){ .part = index->count++ };
    pass->is_in_header = true;
    pass->header_line = pass->lines;
    pass->field = -1;
}

static bool may_open(struct pass *pass)
{
    bool may = pass->index->count < MIME_PARTS_MAX && pass->open <= MIME_DEPTH_MAX;

    pass->index->is_truncated |= !may;
    return may;
}

static void close_header(struct pass *pass, const char *body)
{
    struct mime_part *part = current(pass);

    part->body_start = part->body_end = offset_of(pass, body);
    part->header_lines = (uint32_t)(pass->lines - pass->header_line);
    innermost(pass)->first_line = pass->lines;
    pass->is_in_header = false;
}

/* `end` is where the body ends, `lines` the line ends before it. */
static void close_innermost(struct pass *pass, const char *end, uint64_t lines)
{
    struct open_part *top = innermost(pass);
    struct mime_part *part = current(pass);
    uint64_t offset = offset_of(pass, end);

    if (offset > part->body_start) {
        part->body_end = offset;
        part->body_lines = lines > top->first_line ? (uint32_t)(lines - top->first_line) : 0;
    }
    pass->boundaries -= !span_is_empty(top->boundary);
    pass->open--;
}

/* --- what a header says about its body ----------------------------------------------------------- */

static struct span field_of(struct pass *pass, const struct mime_part *part, enum mime_field field)
{
    return mime_part_field(pass->message, part, field);
}

static enum mime_encoding encoding_of(struct span value)
{
    struct span token;

    if (!header_take_token(&value, &token))
        return MIME_7BIT;
    for (size_t i = 0; i < COUNT_OF(encodings); i++)
        if (span_equals_nocase(token, encodings[i].name))
            return encodings[i].encoding;
    return MIME_ENCODING_UNKNOWN;
}

static struct span boundary_of(struct pass *pass, struct span parameters)
{
    struct header_raw_parameter parameter;

    for (int i = 0;
         i < HEADER_PARAMETERS_MAX && header_next_parameter(pass->index->parts, &parameters, &parameter); i++)
        if (span_equals_nocase(parameter.name, "boundary")) {
            struct span boundary = span_of(parameter.value, parameter.value_length);

            while (!span_is_empty(boundary) && (boundary.end[-1] == ' ' || boundary.end[-1] == '\t'))
                boundary.end--;
            return span_length(boundary) <= MIME_BOUNDARY_MAX ? boundary : span_text("");
        }
    return span_text("");
}

static void start_multipart(struct pass *pass, struct span parameters)
{
    struct open_part *top = innermost(pass);

    current(pass)->kind = MIME_MULTIPART;
    top->boundary = boundary_of(pass, parameters);
    if (pass->open > MIME_DEPTH_MAX) {
        pass->index->is_truncated = true;
        top->boundary = span_text("");
    }
    current(pass)->is_opaque = span_is_empty(top->boundary);
    if (span_is_empty(top->boundary))
        return;
    top->boundary_hash = hash_of(top->boundary.p, span_length(top->boundary));
    pass->boundaries++;
}

static void start_body(struct pass *pass, const char *body)
{
    struct mime_part *part;
    struct mime_type type;
    uint32_t index = innermost(pass)->part;

    close_header(pass, body);
    part = current(pass);
    part->encoding = (uint8_t)encoding_of(field_of(pass, part, MIME_CONTENT_ENCODING));
    type = mime_part_type(pass->message, pass->index, part);
    part->is_text = span_equals_nocase(type.type, "text");
    if (span_equals_nocase(type.type, "multipart")) {
        start_multipart(pass, type.parameters);
    } else if (mime_type_is(&type, "message", "rfc822") || mime_type_is(&type, "message", "global")) {
        part->kind = MIME_MESSAGE;
        part->is_opaque = !may_open(pass);
        if (!part->is_opaque)
            open_part(pass, body, index, 0);
    }
}

/* --- lines --------------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* "Content-Xyz:" opens a field worth remembering, any other line that is not folded ends one. */
static void header_line(struct pass *pass, const char *line, const char *end)
{
    struct mime_part *part = current(pass);
    struct span name = { line, line };
    const char *value;

    pass->field = -1;
    if (end - line < 10 || !span_starts_nocase((struct span){ line, end }, "Content-"))
        return;
    name.p = line + 8;
    for (name.end = name.p; name.end<end && * name.end> ' ' && *name.end != ':'; name.end++)
        ;
    value = skip_blanks(name.end, end);
    if (value == end || *value != ':')
        return;
    for (int i = 0; i < MIME_FIELDS; i++)
        if (!part->has_field[i] && span_equals_nocase(name, field_names[i])) {
            value = skip_blanks(value + 1, end);
            part->has_field[i] = true;
            part->fields[i] = (struct mime_range){ offset_of(pass, value), (uint64_t)(end - value) };
            pass->field = i;
        }
}

/* Lengthens the field by the line that continues it; `end` is without the line end. */
static void continue_field(struct pass *pass, const char *end)
{
    struct mime_range *range;

    if (pass->field < 0)
        return;
    range = &current(pass)->fields[pass->field];
    range->length = offset_of(pass, end) - range->offset;
}

static const char *without_line_end(const char *line, const char *next)
{
    if (next > line && next[-1] == '\n')
        next--;
    if (next > line && next[-1] == '\r')
        next--;
    return next;
}

enum delimiter { NO_DELIMITER, NEXT_PART, LAST_PART };

/* The innermost open multipart that has this text as its boundary; its place on the stack + 1. */
static uint32_t find_boundary(struct pass *pass, struct span text)
{
    size_t length = span_length(text);
    uint32_t hash = hash_of(text.p, length);

    for (uint32_t i = pass->open; i > 0; i--) {
        const struct open_part *open = &pass->stack[i - 1];

        if (open->boundary_hash == hash && span_equals(open->boundary, text) && length > 0)
            return i;
    }
    return 0;
}

static enum delimiter delimiter_of(struct pass *pass, const char *line, const char *end, uint32_t *place_out)
{
    struct span text = { line + 2, end };
    uint32_t next, last = 0;

    while (!span_is_empty(text) && (text.end[-1] == ' ' || text.end[-1] == '\t'))
        text.end--;
    if (span_length(text) > MIME_BOUNDARY_MAX + 2)
        return NO_DELIMITER;
    next = find_boundary(pass, text);
    if (span_length(text) > 2 && text.end[-1] == '-' && text.end[-2] == '-') {
        text.end -= 2;
        last = find_boundary(pass, text);
    }
    *place_out = next > last ? next : last;
    return *place_out == 0 ? NO_DELIMITER : next > last ? NEXT_PART : LAST_PART;
}

/* The line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1), unless it ends a header: an
 * empty body begins at the delimiter, and no part may end before one inside it. */
static void close_above(struct pass *pass, uint32_t place, const char *line)
{
    const char *end = line;
    uint64_t lines = pass->lines;

    if (pass->is_in_header)
        close_header(pass, line);
    if (current(pass)->body_start < offset_of(pass, line)) {
        end = without_line_end(pass->message.p, line);
        lines -= end < line;
    }
    while (pass->open > place)
        close_innermost(pass, end, lines);
}

/* True where the line was a delimiter and all is done. */
static bool take_delimiter(struct pass *pass, const char *line, const char *end, const char *next)
{
    uint32_t place;
    enum delimiter delimiter = delimiter_of(pass, line, end, &place);
    struct open_part *multipart;

    if (delimiter == NO_DELIMITER)
        return false;
    close_above(pass, place, line);
    pass->lines += next > line && next[-1] == '\n';
    multipart = innermost(pass);
    if (delimiter == NEXT_PART && may_open(pass)) {
        multipart->children++;
        open_part(pass, next, multipart->part, multipart->children);
        return true;
    }
    if (delimiter == NEXT_PART)
        current(pass)->is_opaque = true;
    multipart->boundary = span_text(""); /* an epilogue, or more parts than we index */
    multipart->boundary_hash = 0;
    pass->boundaries--;
    return true;
}

/* In a header: a field, its continuation, or the empty line. Returns where to go on. */
static const char *take_header_line(struct pass *pass, const char *line)
{
    const char *end = pass->message.end;
    const char *feed = memchr(line, '\n', (size_t)(end - line));
    const char *next = feed ? feed + 1 : end;
    const char *stop = without_line_end(line, next);

    if (pass->boundaries > 0 && stop - line > 2 && line[0] == '-' && line[1] == '-' &&
        take_delimiter(pass, line, stop, next))
        return next;
    pass->lines += feed != NULL;
    if (stop == line)
        start_body(pass, next);
    else if (*line == ' ' || *line == '\t')
        continue_field(pass, stop);
    else
        header_line(pass, line, stop);
    return next;
}

/* In a body only lines that begin with "--" matter. Returns the next one, counting the line ends before
 * it. */
static const char *find_dashes(struct pass *pass, const char *line)
{
    const char *end = pass->message.end;
    uint64_t lines = pass->lines;

    while (line < end && !(*line == '-' && end - line > 2 && line[1] == '-')) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));

        if (!feed) {
            line = end;
            break;
        }
        lines++;
        line = feed + 1;
    }
    pass->lines = lines;
    return line;
}

static uint64_t count_lines(struct span text)
{
    uint64_t count = 0;

    for (const char *p = text.p; p < text.end && (p = memchr(p, '\n', (size_t)(text.end - p))); p++)
        count++;
    return count;
}

static const char *take_body(struct pass *pass, const char *line)
{
    const char *end = pass->message.end, *feed, *next;

    if (pass->boundaries == 0) {
        pass->lines += count_lines((struct span){ line, end });
        return end;
    }
    line = find_dashes(pass, line);
    if (line == end)
        return end;
    feed = memchr(line, '\n', (size_t)(end - line));
    next = feed ? feed + 1 : end;
    if (!take_delimiter(pass, line, without_line_end(line, next), next))
        pass->lines += feed != NULL;
    return next;
}

static void look_at_bytes(struct span message, struct mime_index *index)
{
    const char *p = message.p;
    uint64_t all = 0, four[4];

    for (; message.end - p >= (ptrdiff_t)sizeof four; p += sizeof four) {
        memcpy(four, p, sizeof four);
        all |= four[0] | four[1] | four[2] | four[3];
    }
    for (; p < message.end; p++)
        all |= (unsigned char)*p;
    index->has_8bit = (all & UINT64_C(0x8080808080808080)) != 0;
    index->has_nul = !span_is_empty(message) && memchr(message.p, '\0', span_length(message)) != NULL;
}

void mime_index_build(const void *owner, struct span message, struct mime_index *index_out)
{
    enum { FIRST_CAPACITY = 4 };
    struct pass pass = { .owner = owner, .message = message, .index = index_out, .capacity = FIRST_CAPACITY };
    const char *p = message.p;

    *index_out = (struct mime_index){ .size = span_length(message),
                                      .parts = talloc_array(owner, struct mime_part, FIRST_CAPACITY) };
    look_at_bytes(message, index_out);
    open_part(&pass, p, MIME_NO_PART, 0);
    while (p < message.end)
        p = pass.is_in_header ? take_header_line(&pass, p) : take_body(&pass, p);
    while (pass.is_in_header)
        start_body(&pass, message.end);
    while (pass.open > 0)
        close_innermost(&pass, message.end, pass.lines);
    index_out->lines = pass.lines;
}
