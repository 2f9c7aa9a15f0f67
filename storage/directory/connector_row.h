/*
 * connector_row.h -- the columns of a connector, for the files of this room that read them.
 */
#ifndef DIRECTORY_CONNECTOR_ROW_H
#define DIRECTORY_CONNECTOR_ROW_H

#include "directory/act.h"
#include "directory/connector.h"

/* Columns 0-30; `password` is an expression, for who may read it l.password. To be followed by WHERE. */
#define SELECT_CONNECTOR(password)                                                                                                       \
    "SELECT c.connector_id, c.name, c.kind, c.routing_group_id, c.target_routing_group_id, g.name, t.name,"                              \
    "       c.organisation_id, o.name, c.is_enabled, c.cost, c.schedule, c.max_bytes, c.priorities,"                                     \
    "       c.smarthost, c.tls, c.source_address, c.connections_max, c.messages_per_minute,"                                             \
    "       ARRAY(SELECT s.space FROM connector_space s WHERE s.connector_id = c.connector_id ORDER BY s.space),"                        \
    "       ARRAY(SELECT s.cost FROM connector_space s WHERE s.connector_id = c.connector_id ORDER BY s.space)," CONNECTOR_BRIDGEHEADS_( \
        "NOT b.is_target",                                                                                                               \
        "b.server_id") CONNECTOR_BRIDGEHEADS_("NOT b.is_target",                                                                         \
                                              "v.name") CONNECTOR_BRIDGEHEADS_("b.is_target", "b.server_id")                             \
        CONNECTOR_BRIDGEHEADS_("b.is_target", "v.name") CONNECTOR_SENDERS_("n.is_allowed") CONNECTOR_SENDERS_(                           \
            "NOT n.is_allowed") "       l.login, " password                                                                              \
                                ", c.recipients_max, c.alarm_per_hour  FROM connector c"                                                 \
                                "  JOIN routing_group g ON g.routing_group_id = c.routing_group_id"                                      \
                                "  LEFT JOIN routing_group t ON t.routing_group_id = c.target_routing_group_id"                          \
                                "  LEFT JOIN organisation o ON o.organisation_id = c.organisation_id"                                    \
                                "  LEFT JOIN connector_login l ON l.connector_id = c.connector_id"
#define CONNECTOR_BRIDGEHEADS_(side, column)                                                                 \
    "       ARRAY(SELECT " column " FROM connector_bridgehead b JOIN server v ON v.server_id = b.server_id"  \
    "              WHERE b.connector_id = c.connector_id AND " side " ORDER BY v.name),"
#define CONNECTOR_SENDERS_(which)                                                                            \
    "       ARRAY(SELECT n.sender FROM connector_sender n WHERE n.connector_id = c.connector_id AND " which  \
    "              ORDER BY n.sender),"

/* From a row with the columns above, in their order; all it points at is under `owner`. */
void connector_read_row(const void *owner, const struct db_row *row, struct connector *out);

#endif
