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
    pages_one: '{{count}} page',
    pages_other: '{{count}} pages',
    'pdf.waiting': 'Drawing …',
    'pdf.password': 'This file is locked with a password. Save it to open it elsewhere.',
    'pdf.broken': 'This file cannot be drawn. Save it to open it elsewhere.',
  },
  fr: {
    title: 'Pièces jointes',
    count_one: '{{count}} pièce jointe, {{size}}',
    count_other: '{{count}} pièces jointes, {{size}}',
    saveAll: 'Tout enregistrer',
    save: 'Enregistrer {{name}}',
    look: 'Voir {{name}}',
    failed: 'Le fichier n’est pas accessible pour le moment.',
    pages_one: '{{count}} page',
    pages_other: '{{count}} pages',
    'pdf.waiting': 'Dessin en cours …',
    'pdf.password': 'Ce fichier est protégé par un mot de passe. Enregistrez-le pour l’ouvrir ailleurs.',
    'pdf.broken': 'Ce fichier ne peut pas être dessiné. Enregistrez-le pour l’ouvrir ailleurs.',
  },
})
