import { defineTexts } from '@chappe/kit'

export const useFilesTexts = defineTexts('files', {
  en: {
    title: 'Attachments',
    count_one: '{{count}} attachment, {{size}}',
    count_other: '{{count}} attachments, {{size}}',
    saveAll: 'Save all',
    save: 'Save {{name}}',
    look: 'Look at {{name}}',
    failed: 'The file cannot be had at the moment.',
  },
  fr: {
    title: 'Pièces jointes',
    count_one: '{{count}} pièce jointe, {{size}}',
    count_other: '{{count}} pièces jointes, {{size}}',
    saveAll: 'Tout enregistrer',
    save: 'Enregistrer {{name}}',
    look: 'Voir {{name}}',
    failed: 'Le fichier n’est pas accessible pour le moment.',
  },
})
