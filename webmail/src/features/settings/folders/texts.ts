import { defineTexts } from '@chappe/kit'

export const useFoldersTexts = defineTexts('folder-settings', {
  en: {
    folder: 'Folder',
    shown: 'Shown in mail programs',
    shownOne: 'Show {{name}} in mail programs',
    messages_one: '{{count}} message',
    messages_other: '{{count}} messages',
    shareOne: 'Share {{name}}',
    share: 'Share',
    sharedWith: 'Shared with',
    lead: 'Programs such as Thunderbird or a telephone show the folders that are switched on here. The webmail shows all.',
  },
  fr: {
    folder: 'Dossier',
    shown: 'Montré dans les logiciels',
    shownOne: 'Montrer {{name}} dans les logiciels de courrier',
    messages_one: '{{count}} message',
    messages_other: '{{count}} messages',
    shareOne: 'Partager {{name}}',
    share: 'Partager',
    sharedWith: 'Partagé avec',
    lead: 'Les logiciels comme Thunderbird ou un téléphone montrent les dossiers activés ici. Le webmail les montre tous.',
  },
})
