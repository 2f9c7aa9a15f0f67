/* cmd_xchappe.c -- XCHAPPE: a server of our own installation introduces itself (format/introduction.h). */
#include "base/log.h"
#include "directory/server.h"
#include "format/codec.h"
#include "smtp/peer.h"

#include <talloc.h>

_Static_assert((int)INTRODUCTION_KEY_BYTES == (int)SERVER_KEY_BYTES, "one key");

/* On a connection that nobody in between can take over: proofs are bound to its TLS, or it does not leave the machine. */
static bool is_possible(const struct smtp_session *s)
{
    uint8_t binding[STREAM_BINDING_MAX];
    size_t length;

    return net_is_loopback(session_peer(s->session)) ||
           (stream_is_tls(session_stream(s->session)) &&
            stream_channel_binding(session_stream(s->session), STREAM_TLS_EXPORTER, binding, &length));
}

/* Whoever is no server of ours gets the same words as one that is, and fails with its proof. */
static bool find_key(struct smtp_session *s, struct smtp_peer *peer, struct err *err)
{
    peer->is_known =
        server_key(s->context->directory, peer->introduction.caller, &peer->server_id, peer->key, err);
    if (peer->is_known)
        return true;
    random_bytes(peer->key, sizeof peer->key);
    return err->kind == ERR_NOT_FOUND;
}

static void bind_to_connection(struct smtp_session *s, struct smtp_peer *peer)
{
    uint8_t *binding = talloc_array(peer, uint8_t, STREAM_BINDING_MAX);
    size_t length = 0;

    if (stream_is_tls(session_stream(s->session)) &&
        stream_channel_binding(session_stream(s->session), STREAM_TLS_EXPORTER, binding, &length))
        peer->introduction.binding = span_of(binding, length);
}

static enum session_next hello(struct smtp_session *s, struct span args)
{
    struct smtp_peer *peer = talloc_zero(session_memory(s->session), struct smtp_peer);
    struct introduction *introduction = &peer->introduction;
    struct buf answer = BUF_INIT(session_arena(s->session));
    uint8_t proof[SHA256_BYTES];
    struct err err = ERR_INIT;

    if (!introduction_take_hello(peer, args, &introduction->caller, introduction->caller_nonce)) {
        talloc_free(peer);
        return refuse(s, REFUSE_SYNTAX);
    }
    if (!find_key(s, peer, &err)) {
        talloc_free(peer);
        return refuse(s, REFUSE_AUTH_TEMPORARY);
    }
    introduction->called = s->context->host_name;
    random_bytes(introduction->called_nonce, sizeof introduction->called_nonce);
    bind_to_connection(s, peer);
    introduction_proof(peer->key, introduction, INTRODUCTION_CALLED, proof);
    codec_add_base64(&answer, span_of(introduction->called_nonce, sizeof introduction->called_nonce));
    buf_add_byte(&answer, ' ');
    codec_add_base64(&answer, span_of(proof, sizeof proof));
    s->peer = peer;
    reply(s, 250, "2.7.0", "%.*s", (int)answer.length, answer.p);
    return SESSION_DONE;
}

static enum session_next prove(struct smtp_session *s, struct span args)
{
    struct smtp_peer *peer = s->peer;
    uint8_t proof[SHA256_BYTES], expected[SHA256_BYTES];

    if (!peer || peer->is_proved)
        return refuse(s, REFUSE_SEQUENCE);
    introduction_proof(peer->key, &peer->introduction, INTRODUCTION_CALLER, expected);
    peer->is_proved =
        introduction_take_proof(args, proof) && peer->is_known &&
        equal_in_constant_time(span_of(proof, sizeof proof), span_of(expected, sizeof expected));
    secret_erase(peer->key, sizeof peer->key);
    if (!peer->is_proved) {
        TALLOC_FREE(s->peer);
        return refuse(s, REFUSE_AUTH_FAILED);
    }
    log_event(LOG_LEVEL_INFO, "smtp.peer", log_text("session", session_id(s->session)),
              log_text("peer", session_peer_text(s->session)), log_text("server", peer->introduction.caller));
    reply(s, 250, "2.7.0", "You are %s", peer->introduction.caller);
    return SESSION_DONE;
}

enum session_next smtp_cmd_xchappe(struct smtp_session *s, struct span args)
{
    struct span word = smtp_verb(args, &args);

    if (!is_possible(s) || !s->context->directory)
        return refuse(s, REFUSE_UNKNOWN_COMMAND);
    if (span_equals_nocase(word, "HELLO")) {
        if (smtp_is_peer(s))
            return refuse(s, REFUSE_SEQUENCE);
        TALLOC_FREE(s->peer);
        return hello(s, args);
    }
    return span_equals_nocase(word, "PROOF") ? prove(s, args) : refuse(s, REFUSE_SYNTAX);
}
