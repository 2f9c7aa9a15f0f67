/* notice_words.c -- tables of sentences. */
#include "run/notice_words.h"

#include "base/compiler.h"

#include <stddef.h>
#include <string.h>

static const struct notice_words words[NOTICES][NOTICE_LANGUAGES] = {
    [NOTICE_FAILED] = {
        { "Not delivered",
          "Your message could not be delivered to the recipients below. It will not be tried again.",
          "The message, or its header, is attached." },
        { "Message non remis",
          "Votre message n’a pas pu être remis aux destinataires ci-dessous. Aucune autre tentative ne sera faite.",
          "Le message, ou son en-tête, est joint." },
    },
    [NOTICE_DELAYED] = {
        { "Delayed",
          "Your message has not reached the recipients below yet. The server goes on trying. You need not send it again.",
          "You will be told if it cannot be delivered." },
        { "Message retardé",
          "Votre message n’est pas encore arrivé chez les destinataires ci-dessous. Le serveur continue d’essayer. "
          "Il n’est pas nécessaire de le renvoyer.",
          "Vous serez averti s’il ne peut pas être remis." },
    },
    [NOTICE_DELIVERED] = {
        { "Delivered", "Your message was delivered to the recipients below.", NULL },
        { "Message remis", "Votre message a été remis aux destinataires ci-dessous.", NULL },
    },
    [NOTICE_RELAYED] = {
        { "Handed on",
          "Your message was handed on for the recipients below, to a server that does not confirm deliveries. You "
          "will hear of it only if something goes wrong.",
          NULL },
        { "Message transmis",
          "Votre message a été transmis, pour les destinataires ci-dessous, à un serveur qui ne confirme pas les remises. "
          "Vous ne recevrez d’autre avis qu’en cas d’échec.",
          NULL },
    },
    [NOTICE_EXPANDED] = {
        { "Delivered to a list", "Your message was delivered to the lists below, and from there to their members.", NULL },
        { "Message remis à une liste",
          "Votre message a été remis aux listes ci-dessous, et de là à leurs membres.", NULL },
    },
};

const struct notice_words *notice_words(enum run_notice kind, enum notice_language language)
{
    return &words[kind][language];
}

/* By the end of the enhanced code; the first that fits. */
static const struct {
    const char *detail; /* behind the class */
    const char *texts[NOTICE_LANGUAGES];
} meanings[] = {
    { ".1.1",
      { "There is no such address. Please check its spelling.",
        "Cette adresse n’existe pas. Vérifiez son orthographe." } },
    { ".1.2",
      { "There is no such domain. Please check the part behind the @.",
        "Ce domaine n’existe pas. Vérifiez ce qui suit le @." } },
    { ".1.10", { "This domain takes no mail.", "Ce domaine ne reçoit pas de courrier." } },
    { ".2.1", { "This mailbox takes no mail.", "Cette boîte ne reçoit pas de courrier." } },
    { ".2.2", { "The recipient’s mailbox is full.", "La boîte du destinataire est pleine." } },
    { ".2.3",
      { "The message is too large for this recipient.",
        "Le message est trop volumineux pour ce destinataire." } },
    { ".3.4",
      { "The message is too large for the recipient’s server.",
        "Le message est trop volumineux pour le serveur du destinataire." } },
    { ".4.1", { "The recipient’s server does not answer.", "Le serveur du destinataire ne répond pas." } },
    { ".4.2",
      { "The connection to the recipient’s server broke.",
        "La connexion avec le serveur du destinataire a été coupée." } },
    { ".4.3",
      { "The name of the recipient’s server could not be looked up.",
        "Le nom du serveur du destinataire n’a pas pu être résolu." } },
    { ".4.4", { "No way leads to this recipient.", "Aucun chemin ne mène à ce destinataire." } },
    { ".4.6", { "The message goes round in circles.", "Le message tourne en rond." } },
    { ".4.7",
      { "It was tried for as long as is allowed, without success.",
        "La remise a été tentée pendant toute la durée permise, sans succès." } },
    { ".6.7",
      { "The recipient’s server cannot take this address or message (SMTPUTF8).",
        "Le serveur du destinataire ne peut pas accepter cette adresse ou ce message (SMTPUTF8)." } },
    { ".7.",
      { "The recipient’s server refuses this message by its rules.",
        "Le serveur du destinataire refuse ce message selon ses règles." } },
};

static const char *const unknown[2][NOTICE_LANGUAGES] = {
    { "The recipient’s server refuses this message.", "Le serveur du destinataire refuse ce message." },
    { "The recipient’s server does not take it just now.",
      "Le serveur du destinataire ne l’accepte pas pour le moment." },
};

const char *notice_meaning(const char *enhanced, enum run_state state, enum notice_language language)
{
    static const char *const returned[] = { "An administrator has returned it.",
                                            "Un administrateur l’a renvoyé." };
    const char *detail = enhanced ? strchr(enhanced, '.') : NULL;

    if (state == RUN_RETURNED)
        return returned[language];
    for (size_t i = 0; detail && i < COUNT_OF(meanings); i++)
        if (strcmp(detail, meanings[i].detail) == 0 ||
            (strcmp(meanings[i].detail, ".7.") == 0 && strncmp(detail, ".7.", 3) == 0))
            return meanings[i].texts[language];
    return unknown[enhanced && *enhanced == '4'][language];
}
