/* email_condition.c -- conditions of Email/query compiled (RFC 8621, 4.4.1). */
#include "format/fold.h"
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "mailbox/flags.h"

#include <talloc.h>

enum value_kind { AN_ID, IDS, A_DATE, A_NUMBER, A_KEYWORD, A_BOOL, WORDS, A_FIELD };

static const struct {
    const char *name;
    enum value_kind value;
} conditions[CONDITION_KINDS] = {
    [IN_MAILBOX] = { "inMailbox", AN_ID },
    [IN_OTHER_THAN] = { "inMailboxOtherThan", IDS },
    [BEFORE] = { "before", A_DATE },
    [AFTER] = { "after", A_DATE },
    [MIN_SIZE] = { "minSize", A_NUMBER },
    [MAX_SIZE] = { "maxSize", A_NUMBER },
    [HAS_KEYWORD] = { "hasKeyword", A_KEYWORD },
    [NOT_KEYWORD] = { "notKeyword", A_KEYWORD },
    [ALL_IN_THREAD] = { "allInThreadHaveKeyword", A_KEYWORD },
    [SOME_IN_THREAD] = { "someInThreadHaveKeyword", A_KEYWORD },
    [NONE_IN_THREAD] = { "noneInThreadHaveKeyword", A_KEYWORD },
    [HAS_ATTACHMENT] = { "hasAttachment", A_BOOL },
    [FROM] = { "from", WORDS },
    [TO] = { "to", WORDS },
    [CC] = { "cc", WORDS },
    [BCC] = { "bcc", WORDS },
    [SUBJECT] = { "subject", WORDS },
    [TEXT] = { "text", WORDS },
    [BODY] = { "body", WORDS },
    [HEADER] = { "header", A_FIELD },
};

enum { WORDS_MAX = 32 };

struct span *email_query_words(void *arena, const char *text, size_t *count_out)
{
    struct span *words = talloc_array(arena, struct span, WORDS_MAX);
    const char *p = text;

    *count_out = 0;
    while (*count_out < WORDS_MAX) {
        char quote = '\0';
        const char *start;
        p += strspn(p, " \t\r\n");
        if (*p == '\0')
            break;
        if (*p == '"' || *p == '\'')
            quote = *p;
        start = quote && strchr(p + 1, quote) ? p + 1 : p;
        p = start > p ? strchr(start, quote) : start + strcspn(start, " \t\r\n");
        if (p > start)
            words[(*count_out)++] = span_of(start, (size_t)(p - start));
        p += *p && *p == quote;
    }
    return words;
}

bool email_keyword_bits(struct jmap_call *call, const char *keyword, uint64_t *bits_out, struct err *err)
{
    const struct view *view;
    int bit;

    *bits_out = jmap_system_flag(keyword);
    for (size_t i = 0; !*bits_out && i < call->account->folder_count; i++) {
        if (!(call->account->folders[i]->rights & RIGHT_READ))
            continue;
        if (!jmap_account_view(call->account, i, &view, err))
            return false;
        bit = keyword_bit(view_keywords(view), span_text(keyword));
        *bits_out = bit < 0 ? 0 : UINT64_C(1) << bit;
        break; /* all folders have the same names */
    }
    return true;
}

static bool name_folder(struct jmap_call *call, struct condition *condition, const json_t *id)
{
    size_t number;

    if (!json_is_string(id))
        return false;
    if (jmap_account_mailbox(call->account, json_string_value(id), &number) &&
        (call->account->folders[number]->rights & RIGHT_READ))
        condition->folders[number] = true;
    return true;
}

static bool read_folders(struct jmap_call *call, struct condition *condition, const json_t *value)
{
    const json_t *id;
    size_t i;

    condition->folders = talloc_zero_array(call->arena, bool, (unsigned)call->account->folder_count + 1);
    if (condition->kind == IN_MAILBOX)
        return name_folder(call, condition, value);
    json_array_foreach(value, i, id) if (!name_folder(call, condition, id)) return false;
    return json_is_array(value);
}

static void add_keys(struct email_query *query, struct condition *condition, struct span field)
{
    static const enum search_where where_of[CONDITION_KINDS] = {
        [TEXT] = SEARCH_TEXT, [BODY] = SEARCH_BODY, [HEADER] = SEARCH_HEADER
    };

    condition->first_key = query->key_count;
    query->keys = talloc_realloc(query->call->arena, query->keys, struct search_key,
                                 (unsigned)(query->key_count + condition->word_count + 1));
    for (size_t i = 0; i < condition->word_count; i++)
        query->keys[query->key_count++] = (struct search_key){ .where = where_of[condition->kind],
                                                               .field = field,
                                                               .begins_word = condition->kind != HEADER,
                                                               .needle = condition->words[i] };
}

static bool read_words(struct email_query *query, struct condition *condition, const json_t *value)
{
    void *arena = query->call->arena;

    if (!json_is_string(value))
        return false;
    condition->words = email_query_words(arena, json_string_value(value), &condition->word_count);
    if (condition->kind == TEXT || condition->kind == BODY) {
        add_keys(query, condition, span_text(NULL));
        return true;
    }
    query->needs_columns = true;
    for (size_t i = 0; i < condition->word_count; i++)
        condition->words[i] = span_text(fold_text(arena, condition->words[i]));
    return true;
}

/* ["Name"] or ["Name", "text"] */
static bool read_field(struct email_query *query, struct condition *condition, const json_t *value)
{
    const char *field = json_string_value(json_array_get(value, 0));
    const char *text = json_string_value(json_array_get(value, 1));
    size_t count = json_array_size(value);

    if (!field || count < 1 || count > 2 || (count == 2 && !text))
        return false;
    condition->words = talloc_array(query->call->arena, struct span, 1);
    condition->words[0] = span_text(text ? text : "");
    condition->word_count = 1;
    add_keys(query, condition, span_text(field));
    return true;
}

static bool read_keyword(struct email_query *query, struct condition *condition, const json_t *value)
{
    struct err err = ERR_INIT;

    query->needs_threads =
        query->needs_threads || (condition->kind >= ALL_IN_THREAD && condition->kind <= NONE_IN_THREAD);
    if (!json_is_string(value))
        return false;
    return email_keyword_bits(query->call, json_string_value(value), &condition->bits, &err) ||
           jmap_fail_err(query->call, &err);
}

static bool read_value(struct email_query *query, struct condition *condition, const json_t *value)
{
    switch (conditions[condition->kind].value) {
    case AN_ID:
    case IDS:
        query->needs_places = true;
        return read_folders(query->call, condition, value);
    case A_DATE:
        return jmap_take_date(value, &condition->number);
    case A_NUMBER:
        condition->number = json_integer_value(value);
        return json_is_integer(value) && condition->number >= 0;
    case A_KEYWORD:
        return read_keyword(query, condition, value);
    case A_BOOL:
        condition->number = json_is_true(value);
        query->needs_columns = true;
        return json_is_boolean(value);
    case WORDS:
        return read_words(query, condition, value);
    default:
        return read_field(query, condition, value);
    }
}

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    struct email_query *query = arg;
    struct condition **last = (struct condition **)&leaf->compiled;
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value)
    {
        struct condition *condition = talloc_zero(call->arena, struct condition);
        unsigned kind = 0;
        while (kind < CONDITION_KINDS && strcmp(conditions[kind].name, name) != 0)
            kind++;
        if (kind == CONDITION_KINDS)
            return jmap_fail(call, "unsupportedFilter", "There is no filter %.60s.", name);
        condition->kind = (enum condition_kind)kind;
        if (!read_value(query, condition, value))
            return call->error
                       ? false
                       : jmap_fail(call, "invalidArguments", "The value of the filter %.60s is wrong.", name);
        *last = condition;
        last = &condition->next;
    }
    return true;
}

/* The folder of an inMailbox that must hold whatever else does: of the filter itself, or directly below its AND. */
static const struct condition *leading(const struct filter *filter)
{
    const struct condition *found = NULL;

    if (!filter)
        return NULL;
    if (filter->operator== FILTER_LEAF) {
        for (found = filter->compiled; found && found->kind != IN_MAILBOX;)
            found = found->next;
        return found;
    }
    for (size_t i = 0; filter->operator== FILTER_AND && !found && i<filter->count; i++)
        if (filter->children[i]->operator== FILTER_LEAF)
            found = leading(filter->children[i]);
    return found;
}

static size_t count_places(const struct filter *filter)
{
    size_t count = 0;

    if (filter && filter->operator== FILTER_LEAF)
        for (const struct condition *c = filter->compiled; c; c = c->next)
            count += c->kind == IN_MAILBOX || c->kind == IN_OTHER_THAN;
    for (size_t i = 0; filter && i < filter->count; i++)
        count += count_places(filter->children[i]);
    return count;
}

static void choose_folder(struct email_query *query)
{
    const struct condition *condition = leading(query->filter);

    query->only = EVERYWHERE;
    query->needs_places = count_places(query->filter) > (condition ? 1 : 0);
    for (size_t i = 0;
         condition && !query->needs_places && !query->needs_threads && i < query->call->account->folder_count;
         i++)
        if (condition->folders[i])
            query->only = (int64_t)i;
}

static bool read_sorts(struct jmap_call *call, struct email_query *query)
{
    static const struct {
        const char *property;
        bool needs_columns, needs_threads;
    } sorts[] = {
        { "receivedAt", false, false },
        { "size", false, false },
        { "sentAt", true, false },
        { "from", true, false },
        { "to", true, false },
        { "subject", true, false },
        { "relevance", true, false },
        { "hasKeyword", false, false },
        { "allInThreadHaveKeyword", false, true },
        { "someInThreadHaveKeyword", false, true },
    };

    for (size_t i = 0; i < query->sort_count; i++) {
        size_t k = 0;
        while (k < COUNT_OF(sorts) && strcmp(sorts[k].property, query->sorts[i].property) != 0)
            k++;
        if (k == COUNT_OF(sorts))
            return jmap_fail(call, "unsupportedSort", "Emails do not sort by %.60s.",
                             query->sorts[i].property);
        if (k >= 7 && !json_is_string(json_object_get(query->sorts[i].object, "keyword")))
            return jmap_fail_argument(call, "sort");
        query->needs_threads = query->needs_threads || sorts[k].needs_threads;
    }
    return true;
}

bool email_query_read(struct jmap_call *call, struct email_query *query_out)
{
    *query_out = (struct email_query){ .call = call };
    if (!jmap_filter_read(call, compile, query_out, &query_out->filter) ||
        !jmap_sort_read(call, query_out->sorts, &query_out->sort_count) || !read_sorts(call, query_out))
        return false;
    choose_folder(query_out);
    return true;
}
