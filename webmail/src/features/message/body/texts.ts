import { defineTexts } from '@chappe/kit'

export const useBodyTexts = defineTexts('body', {
  en: {
    frame: 'Text of the message',
    'pictures.blocked': 'Pictures from elsewhere are not shown: loading them can tell the sender that you read this.',
    'pictures.show': 'Show pictures',
    'pictures.always': 'Always for this sender',
    'quote.show': 'Show quoted text',
    'quote.hide': 'Hide quoted text',
  },
  fr: {
    frame: 'Texte du message',
    'pictures.blocked': 'Les images extérieures ne sont pas affichées : les charger peut apprendre à l’expéditeur que vous lisez ce message.',
    'pictures.show': 'Afficher les images',
    'pictures.always': 'Toujours pour cet expéditeur',
    'quote.show': 'Afficher le texte cité',
    'quote.hide': 'Masquer le texte cité',
  },
})
