import { defineTexts } from '@chappe/kit'

export const useListTexts = defineTexts('recipients-lists', {
  en: {
    members: 'Members',
    target: 'Its own address',
    leadsTo: 'Leads to',
    addGroup: 'Add a group',
    addContact: 'Add a contact',
    addAlias: 'Add an alias',
    noGroups: 'No group here yet',
    noContacts: 'No contact here yet',
    noAliases: 'No alias here yet',
  },
  fr: {
    members: 'Membres',
    target: 'Sa propre adresse',
    leadsTo: 'Mène à',
    addGroup: 'Ajouter un groupe',
    addContact: 'Ajouter un contact',
    addAlias: 'Ajouter un alias',
    noGroups: 'Aucun groupe ici pour l’instant',
    noContacts: 'Aucun contact ici pour l’instant',
    noAliases: 'Aucun alias ici pour l’instant',
  },
})
