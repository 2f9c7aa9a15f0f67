import { defineTexts } from '@chappe/kit'

export const useHelpTexts = defineTexts('help', {
  en: { help: 'Help', topics: 'Topics', reading: 'Reading', writing: 'Writing', settings: 'Settings', none: 'There is no such topic' },
  fr: { help: 'Aide', topics: 'Sujets', reading: 'Lire', writing: 'Écrire', settings: 'Paramètres', none: 'Ce sujet n’existe pas' },
})
