import { defineTexts } from '@chappe/kit'

export const useForwardTexts = defineTexts('forward', {
  en: {
    forward: 'Forwarding',
    on: 'Send all mail that arrives on to other addresses',
    to: 'Addresses',
    toHint: 'name@example.org, then Enter for another',
    keeps: 'Keep a copy here',
    keepsNot: 'Without a copy here you see this mail only where it is sent to.',
    wrong: 'This is no address: {{text}}',
    needed: 'Write at least one address.',
    own: 'This is your own address: the mail would go round in circles.',
  },
  fr: {
    forward: 'Transfert',
    on: 'Transmettre tout le courrier reçu à d’autres adresses',
    to: 'Adresses',
    toHint: 'nom@example.org, puis Entrée pour une autre',
    keeps: 'En garder une copie ici',
    keepsNot: 'Sans copie ici, vous ne voyez ce courrier que là où il est transmis.',
    wrong: 'Ce n’est pas une adresse : {{text}}',
    needed: 'Écrivez au moins une adresse.',
    own: 'C’est votre propre adresse : le courrier tournerait en rond.',
  },
})
