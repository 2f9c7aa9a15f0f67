import { defineTexts } from '@chappe/kit'

/** By itself: it is needed before the settings are. */
export const useSettingsLinkTexts = defineTexts('settings-link', {
  en: { settings: 'Settings' },
  fr: { settings: 'Paramètres' },
})
