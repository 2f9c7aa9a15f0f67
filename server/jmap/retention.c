/* retention.c -- Retention (docs/jmap.md): for how long the organisation keeps the owner's mail, folder by folder, as he was told. */
#include "mailbox/retain.h"

#include "base/clock.h"
#include "directory/retention_told.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static const char *const names[] = { "id", "mailboxIds", "days", "action", "told", "appliesFrom" };
enum { MAILBOXES_BIT = 2, DAYS_BIT = 4, ACTION_BIT = 8, TOLD_BIT = 16, FROM_BIT = 32 };

struct rules {
    struct retention_rule list[RETENTION_RULES_MAX];
    struct retention_scene scene;
    int64_t told_us;
};

static bool load(struct jmap_call *call, struct rules *rules, struct err *err)
{
    struct retention_told told;
    struct span rest, line;

    *rules = (struct rules){ .told_us = 0 };
    if (!retention_told_find(call->request->jmap->options.directory, call->arena,
                             call->request->identity->recipient_id, &told, err))
        return false;
    rules->told_us = told.told_us;
    rules->scene = (struct retention_scene){ .folders = call->account->folders,
                                             .folder_count = call->account->folder_count,
                                             .rules = rules->list };
    rest = span_text(told.rules);
    while (!span_is_empty(rest) && rules->scene.rule_count < RETENTION_RULES_MAX) {
        if (!span_take_until(&rest, '\n', &line)) {
            line = rest;
            rest.p = rest.end;
        }
        if (retention_rule_parse(call->arena, line, &rules->list[rules->scene.rule_count]))
            rules->scene.rule_count++;
    }
    return true;
}

static json_t *mailbox_ids(struct jmap_call *call, const struct rules *rules, size_t number)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < rules->scene.folder_count; i++)
        if (retention_rule_of(&rules->scene, rules->scene.folders[i]) == number)
            json_array_append_new(
                ids, json_string(jmap_id_of(call, GROUP_ID_FOLDER, rules->scene.folders[i]->folder_id)));
    return ids;
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct rules *rules = arg;
    size_t number = strtoul(id, NULL, 10);
    char text[24];
    json_t *object;

    snprintf(text, sizeof text, "%zu", number);
    if (number >= rules->scene.rule_count || strcmp(text, id) != 0)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & MAILBOXES_BIT)
        json_object_set_new(object, "mailboxIds", mailbox_ids(call, rules, number));
    if (wanted & DAYS_BIT)
        json_object_set_new(object, "days", json_integer(rules->list[number].days));
    if (wanted & ACTION_BIT)
        json_object_set_new(object, "action", json_string(retention_act_name(rules->list[number].act)));
    if (wanted & TOLD_BIT)
        json_object_set_new(object, "told", jmap_date(rules->told_us));
    if (wanted & FROM_BIT)
        json_object_set_new(object, "appliesFrom", jmap_date(rules->told_us + RETENTION_NOTICE_S * US_PER_S));
    return object;
}

bool mail_retention_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct err err = ERR_INIT;
    struct rules rules;
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!load(call, &rules, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < rules.scene.rule_count; i++)
        json_array_append_new(all, json_sprintf("%zu", i));
    return jmap_get_each(call, all, wanted, object_of, &rules);
}
