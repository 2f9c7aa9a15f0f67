import { useCallback, useSyncExternalStore } from 'react'

export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

const KEPT = 'chappe.language'
/** Whether one says it as of one thing (CLDR). */
const isOne: Record<Language, (count: number) => boolean> = { en: (count) => count === 1, fr: (count) => Math.abs(count) < 2 }
const told = new Set<() => void>()
let now: Language = 'en'

function chosen(): Language {
  const kept = localStorage.getItem(KEPT)
  const wanted = kept ?? navigator.languages.map((l) => l.slice(0, 2)).find((l) => l === 'fr' || l === 'en')
  return wanted === 'fr' ? 'fr' : 'en'
}

function set(language: Language): void {
  now = language
  document.documentElement.lang = language
  told.forEach((tell) => tell())
}

/** Once, before anything is drawn. */
export function startLanguage(): void {
  set(chosen())
}

export function currentLanguage(): Language {
  return now
}

/** Without a reload; remembered on this device. */
export function switchLanguage(language: Language): void {
  localStorage.setItem(KEPT, language)
  set(language)
}

const subscribe = (tell: () => void) => {
  told.add(tell)
  return () => told.delete(tell)
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, currentLanguage)
}

type Base<K> = K extends `${infer B}_one` ? B : K extends `${infer B}_other` ? B : K
type Values = Record<string, string | number>
export type Say<E> = (key: Base<keyof E & string>, values?: Values) => string

/** A text that there is none for is its key. */
function textOf(catalogue: Record<string, string>, language: Language, key: string, values: Values): string {
  const { count } = values
  const counted = typeof count === 'number' ? catalogue[`${key}_${isOne[language](count) ? 'one' : 'other'}`] : undefined
  const text = counted ?? catalogue[key] ?? key
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''))
}

/**
 * The texts of one subject in all languages; the compiler refuses a French catalogue that lacks a text. Plurals as
 * `key_one` and `key_other`, values as {{name}}. Gives the hook that says them; its `say` is for where no component is.
 */
export function defineTexts<const E extends Record<string, string>>(
  _subject: string,
  catalogues: { en: E; fr: { [K in keyof E]: string } },
): (() => Say<E>) & { say: Say<E> } {
  const useTexts = (): Say<E> => {
    const language = useLanguage()
    return useCallback((key, values = {}) => textOf(catalogues[language], language, key, values), [language])
  }
  return Object.assign(useTexts, { say: (key: string, values: Values = {}) => textOf(catalogues[now], now, key, values) })
}

/** A text for a word that the server chose (a role, a state): `prefix.word`, or the word itself where it is new to us. */
export function wordOf<E>(say: Say<E>, prefix: string, word: string): string {
  const key = `${prefix}.${word}`
  const said = (say as (key: string) => string)(key)
  return said === key ? word : said
}
