import i18next from 'i18next'
import { useCallback } from 'react'
import { initReactI18next, useTranslation } from 'react-i18next'

export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

const KEPT = 'chappe.language'

function chosen(): Language {
  const kept = localStorage.getItem(KEPT)
  const wanted = kept ?? navigator.languages.map((l) => l.slice(0, 2)).find((l) => l === 'fr' || l === 'en')
  return wanted === 'fr' ? 'fr' : 'en'
}

/** Once, before anything is drawn. */
export function startLanguage(): void {
  void i18next.use(initReactI18next).init({
    lng: chosen(),
    fallbackLng: 'en',
    resources: {},
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    interpolation: { escapeValue: false }, // React escapes
    react: { bindI18nStore: 'added' },
  })
  document.documentElement.lang = i18next.language
}

export function currentLanguage(): Language {
  return i18next.language === 'fr' ? 'fr' : 'en'
}

/** Without a reload; remembered on this device. */
export function switchLanguage(language: Language): void {
  localStorage.setItem(KEPT, language)
  document.documentElement.lang = language
  void i18next.changeLanguage(language)
}

export function useLanguage(): Language {
  const { i18n } = useTranslation()
  return i18n.language === 'fr' ? 'fr' : 'en'
}

type Base<K> = K extends `${infer B}_one` ? B : K extends `${infer B}_other` ? B : K
type Values = Record<string, string | number>
export type Say<E> = (key: Base<keyof E & string>, values?: Values) => string

/**
 * The texts of one subject in all languages; the compiler refuses a French catalogue that lacks a text. Plurals as
 * `key_one` and `key_other`, values as {{name}}. Gives the hook that says them.
 */
export function defineTexts<const E extends Record<string, string>>(
  subject: string,
  catalogues: { en: E; fr: { [K in keyof E]: string } },
): () => Say<E> {
  const add = () => languages.forEach((l) => i18next.addResourceBundle(l, subject, catalogues[l]))
  if (i18next.isInitialized) add()
  else i18next.on('initialized', add)
  return () => {
    const { t } = useTranslation(subject)
    return useCallback((key, values) => t(key as string, values ?? {}), [t])
  }
}

/** A text for a word that the server chose (a role, a state): `prefix.word`, or the word itself where it is new to us. */
export function wordOf<E>(say: Say<E>, prefix: string, word: string): string {
  const key = `${prefix}.${word}`
  const said = (say as (key: string) => string)(key)
  return said === key ? word : said
}
