import { defineTexts } from '@chappe/kit'

export const useSenderTexts = defineTexts('senders', {
  en: {
    block: 'Blocked',
    blockLead: 'Their mail goes to Junk.',
    allow: 'Trusted',
    allowLead: 'Their mail never goes to Junk for looking like spam.',
    sender: 'Address, or @domain for all of a domain',
    hint: 'name@example.org or @example.org',
    add: 'Add',
    none: 'Nobody.',
    wrong: 'This is neither an address nor a domain with @ before it.',
    there: 'This sender is in one of the lists already.',
    removeOne: 'Remove {{name}}',
  },
  fr: {
    block: 'Bloqués',
    blockLead: 'Leur courrier va aux indésirables.',
    allow: 'Sûrs',
    allowLead: 'Leur courrier ne va jamais aux indésirables pour avoir l’air d’un pourriel.',
    sender: 'Adresse, ou @domaine pour tout un domaine',
    hint: 'nom@example.org ou @example.org',
    add: 'Ajouter',
    none: 'Personne.',
    wrong: 'Ce n’est ni une adresse ni un domaine précédé de @.',
    there: 'Cet expéditeur est déjà dans une des listes.',
    removeOne: 'Retirer {{name}}',
  },
})
