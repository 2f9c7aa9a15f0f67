import { defineTexts } from '@chappe/kit'

export const useExportTexts = defineTexts('export', {
  en: {
    export: 'Export as CSV',
    lead: 'All that the filter means is written to a file, also what is not shown yet. It goes on when this page is closed: the file then waits at Jobs, for a day and for you alone.',
    all: 'Everything that you may see',
    write: 'Write the file',
    again: 'Once more',
    download: 'Download',
    cancel: 'Stop',
    cancelled: 'Stopped. Nothing is kept of it.',
    failed: 'It broke off.',
    done_one: 'The file is there: {{count}} row.',
    done_other: 'The file is there: {{count}} rows.',
  },
  fr: {
    export: 'Exporter en CSV',
    lead: 'Tout ce que le filtre désigne est écrit dans un fichier, aussi ce qui n’est pas encore montré. Cela continue quand cette page est fermée : le fichier attend alors dans Tâches, un jour et pour vous seul.',
    all: 'Tout ce que vous pouvez voir',
    write: 'Écrire le fichier',
    again: 'Encore une fois',
    download: 'Télécharger',
    cancel: 'Arrêter',
    cancelled: 'Arrêté. Rien n’en est gardé.',
    failed: 'Cela s’est interrompu.',
    done_one: 'Le fichier est là : {{count}} ligne.',
    done_other: 'Le fichier est là : {{count}} lignes.',
  },
})
