import { defineTexts } from '@chappe/kit'

export const usePushTexts = defineTexts('push', {
  en: {
    push: 'Tell me also while no page is open',
    pushLead: 'By the push service of this browser. What it carries is encrypted, and says only that there is mail.',
    refused: 'This browser forbids it. Allow notifications for this site in its settings.',
    noService: 'The push service of this browser cannot be reached now. Please try again later.',
    folders: 'Of new mail in',
    quiet: 'Not in certain hours',
    quietFrom: 'Silent from',
    quietTo: 'Until',
  },
  fr: {
    push: 'M’avertir aussi quand aucune page n’est ouverte',
    pushLead: 'Par le service push de ce navigateur. Ce qu’il transporte est chiffré, et dit seulement qu’il y a du courrier.',
    refused: 'Ce navigateur l’interdit. Autorisez les notifications de ce site dans ses réglages.',
    noService: 'Le service push de ce navigateur n’est pas joignable pour l’instant. Réessayez plus tard.',
    folders: 'Pour le nouveau courrier dans',
    quiet: 'Pas à certaines heures',
    quietFrom: 'Silence à partir de',
    quietTo: 'Jusqu’à',
  },
})
