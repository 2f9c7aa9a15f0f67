#include "pop3/text.h"

#include <assert.h>

static const char *const texts[POP3_TEXTS][POP3_LANGUAGES] = {
    [TEXT_BYE] = { "Good bye.", "Au revoir." },
    [TEXT_BYE_NOT_REMOVED] = { "Some deleted messages were not removed.",
                               "Certains messages effacés n'ont pas été supprimés." },
    [TEXT_LOGGED_IN] = { "Logged in.", "Connecté." },
    [TEXT_SEND_PASSWORD] = { "Send your password.", "Envoyez votre mot de passe." },
    [TEXT_BEGIN_TLS] = { "Begin TLS.", "Commencez TLS." },
    [TEXT_NO_TLS] = { "TLS is not available.", "TLS n'est pas disponible." },
    [TEXT_IS_TLS] = { "TLS is on already.", "TLS est déjà actif." },
    [TEXT_CAPABILITIES] = { "Capabilities follow.", "Voici les capacités." },
    [TEXT_MECHANISMS] = { "Mechanisms follow.", "Voici les mécanismes." },
    [TEXT_NEEDS_TLS] = { "Use STLS first: this connection is not encrypted.",
                         "Utilisez d'abord STLS : cette connexion n'est pas chiffrée." },
    [TEXT_NEEDS_USER] = { "Give USER first.", "Donnez d'abord USER." },
    [TEXT_NO_MECHANISM] = { "There is no such mechanism.", "Ce mécanisme n'existe pas." },
    [TEXT_CANCELLED] = { "The login was cancelled.", "La connexion a été annulée." },
    [TEXT_BAD_BASE64] = { "The response cannot be read.", "La réponse est illisible." },
    [TEXT_WRONG_LOGIN] = { "Wrong name or password.", "Nom ou mot de passe incorrect." },
    [TEXT_NOT_ALLOWED] = { "This login may not use POP3: make an app password, or ask your administrator.",
                           "Cette connexion n'a pas droit à POP3 : créez un mot de passe d'application, ou adressez-vous à votre administrateur." },
    [TEXT_EXPIRED] = { "Your password has expired; choose a new one.",
                       "Votre mot de passe a expiré ; choisissez-en un autre." },
    [TEXT_SUSPENDED] = { "This account may not log in now; ask your administrator.",
                         "Ce compte ne peut pas se connecter ; adressez-vous à votre administrateur." },
    [TEXT_TOO_MANY_FAILURES] = { "Too many failed logins; try again later.",
                                 "Trop d'échecs de connexion ; réessayez plus tard." },
    [TEXT_LOGIN_ENDED] = { "The account was changed; log in again.",
                           "Le compte a changé ; reconnectez-vous." },
    [TEXT_IN_USE] = { "Another session has this mailbox open.", "Une autre session utilise cette boîte." },
    [TEXT_UNAVAILABLE] = { "This is not possible now; try again later.",
                           "C'est impossible pour le moment ; réessayez plus tard." },
    [TEXT_UNKNOWN] = { "Unknown command.", "Commande inconnue." },
    [TEXT_WRONG_STATE] = { "This command is not possible now.", "Cette commande est impossible maintenant." },
    [TEXT_BAD_ARGUMENT] = { "Wrong argument.", "Argument incorrect." },
    [TEXT_BAD_BYTES] = { "A command has no control characters.",
                         "Une commande ne contient pas de caractères de contrôle." },
    [TEXT_NO_MESSAGE] = { "There is no such message.", "Ce message n'existe pas." },
    [TEXT_IS_DELETED] = { "The message is deleted.", "Le message est effacé." },
    [TEXT_DELETED] = { "Deleted at QUIT.", "Effacé à QUIT." },
    [TEXT_RESET] = { "Nothing is deleted.", "Rien n'est effacé." },
    [TEXT_NOTHING_DONE] = { "Done.", "Fait." },
    [TEXT_MESSAGE] = { "The message follows.", "Voici le message." },
    [TEXT_LISTING] = { "The list follows.", "Voici la liste." },
    [TEXT_UTF8] = { "UTF-8 it is.", "En UTF-8." },
    [TEXT_NEEDS_UTF8] = { "This message has international addresses: say UTF8 before you log in.",
                          "Ce message a des adresses internationales : dites UTF8 avant de vous connecter." },
    [TEXT_LANGUAGES] = { "Languages follow.", "Voici les langues." },
    [TEXT_LANGUAGE_SET] = { "I speak English now.", "Je parle français maintenant." },
    [TEXT_NO_LANGUAGE] = { "I do not speak that language.", "Je ne parle pas cette langue." },
    [TEXT_TOO_LONG] = { "The line is too long.", "La ligne est trop longue." },
    [TEXT_TOO_MANY_ERRORS] = { "Too many errors.", "Trop d'erreurs." },
    [TEXT_DAMAGED] = { "The message cannot be read.", "Le message est illisible." },
};

static const struct {
    const char *tag, *name;
} languages[POP3_LANGUAGES] = {
    [POP3_ENGLISH] = { "en", "English" },
    [POP3_FRENCH] = { "fr", "Français" },
};

const char *pop3_text(enum pop3_language language, enum pop3_text text)
{
    assert(texts[text][language]);
    return texts[text][language];
}

const char *pop3_language_tag(enum pop3_language language)
{
    return languages[language].tag;
}

const char *pop3_language_name(enum pop3_language language)
{
    return languages[language].name;
}

bool pop3_language_of(struct span range, enum pop3_language *language_out)
{
    if (span_equals_text(range, "*") || span_equals_nocase(range, "i-default")) {
        *language_out = POP3_ENGLISH;
        return true;
    }
    for (int i = 0; i < POP3_LANGUAGES; i++) {
        struct span tag = span_part(range, 0, strlen(languages[i].tag));
        if (span_equals_nocase(tag, languages[i].tag) && (tag.end == range.end || *tag.end == '-')) {
            *language_out = (enum pop3_language)i;
            return true;
        }
    }
    return false;
}
