import { defineTexts } from '@chappe/kit'

export const useRetentionTexts = defineTexts('retention', {
  en: {
    title: 'How long mail is kept',
    lead: 'This is a rule of your organisation. The days count from when a message came into the folder.',
    'rule.delete_one': 'Messages are deleted after one day in this folder.',
    'rule.delete_other': 'Messages are deleted after {{count}} days in this folder.',
    'rule.trash_one': 'Messages are moved to the deleted items after one day in this folder.',
    'rule.trash_other': 'Messages are moved to the deleted items after {{count}} days in this folder.',
    'rule.archive_one': 'Messages are moved to the archive after one day in this folder.',
    'rule.archive_other': 'Messages are moved to the archive after {{count}} days in this folder.',
    from: 'From {{date}} on.',
  },
  fr: {
    title: 'Durée de conservation',
    lead: 'C’est une règle de votre organisation. Les jours comptent à partir de l’arrivée d’un message dans le dossier.',
    'rule.delete_one': 'Les messages sont supprimés après un jour dans ce dossier.',
    'rule.delete_other': 'Les messages sont supprimés après {{count}} jours dans ce dossier.',
    'rule.trash_one': 'Les messages sont mis parmi les éléments supprimés après un jour dans ce dossier.',
    'rule.trash_other': 'Les messages sont mis parmi les éléments supprimés après {{count}} jours dans ce dossier.',
    'rule.archive_one': 'Les messages sont archivés après un jour dans ce dossier.',
    'rule.archive_other': 'Les messages sont archivés après {{count}} jours dans ce dossier.',
    from: 'À partir du {{date}}.',
  },
})
