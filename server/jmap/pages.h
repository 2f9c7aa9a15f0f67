/* pages.h -- what is asked of JMAP beside method calls; private to this room. */
#ifndef JMAP_PAGES_H
#define JMAP_PAGES_H

#include "jmap/request.h"

/* POST /jmap/upload/ACCOUNT (RFC 8620, 6.1). */
void jmap_upload(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
/* GET /jmap/download/ACCOUNT/BLOB/NAME?type= (6.2). */
void jmap_download(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
/* GET /jmap/eventsource (7.3). */
void jmap_events(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
/* GET /jmap/ws (RFC 8887). */
void jmap_socket(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
/* What a path says behind the first `prefix`, segment by segment, under the request's arena; NULL where there are no more. */
char *jmap_take_segment(const struct jmap_request *request, const char **path);
/* Answers an error of storage. */
void jmap_send_err(struct http_reply *reply, const struct err *err);

#endif
