import { defineTexts } from '@chappe/kit'

export const useQuotaTexts = defineTexts('quota', {
  en: {
    'of.bytes': 'Your mailbox',
    'of.messages': 'Messages in your mailbox',
    'of.domain': 'All mailboxes of your domain',
    'of.organisation': 'All mailboxes of your organisation',
    used: '{{used}} of {{limit}} ({{percent}})',
    none: 'Your mailbox has no limit.',
    nearly: 'Nearly full. Without room no more mail can arrive.',
    full: 'Full. No more mail arrives until something is deleted.',
    room: 'Make room',
    largest: 'Show the largest messages',
    clear: 'Go to “{{name}}” ({{count}})',
  },
  fr: {
    'of.bytes': 'Votre boîte',
    'of.messages': 'Messages dans votre boîte',
    'of.domain': 'Toutes les boîtes de votre domaine',
    'of.organisation': 'Toutes les boîtes de votre organisation',
    used: '{{used}} sur {{limit}} ({{percent}})',
    none: 'Votre boîte n’a pas de limite.',
    nearly: 'Presque pleine. Sans place, plus aucun courrier ne peut arriver.',
    full: 'Pleine. Plus aucun courrier n’arrive tant que rien n’est supprimé.',
    room: 'Faire de la place',
    largest: 'Montrer les plus gros messages',
    clear: 'Aller à « {{name}} » ({{count}})',
  },
})
