import { useLanguage, type Language } from './language'

const UNITS = { en: ['B', 'KB', 'MB', 'GB', 'TB', 'PB'], fr: ['o', 'Ko', 'Mo', 'Go', 'To', 'Po'] }

export interface Format {
  number(value: number): string
  /** 1536 -> "1.5 KB": steps of 1024, as the command line counts. */
  bytes(value: number): string
  percent(part: number, whole: number): string
  date(iso: string): string
  dateTime(iso: string): string
  time(iso: string): string
  /** "3 minutes ago", "il y a 2 jours". */
  ago(iso: string): string
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1],
]

/** Made when it is first asked for: each of Intl's loads tables of its own, which takes longer than a page to draw. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

export function formatFor(language: Language): Format {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  const number = once(() => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }))
  const percent = once(() => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }))
  const date = once(() => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }))
  const dateTime = once(() => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }))
  const time = once(() => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }))
  const relative = once(() => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }))
  const valid = (iso: string, f: (d: Date) => string) => {
    const at = new Date(iso)
    return Number.isNaN(at.getTime()) ? iso : f(at)
  }
  return {
    number: (value) => number().format(value),
    bytes(value) {
      let step = 0
      while (Math.abs(value) >= 1024 && step < 5) {
        value /= 1024
        step++
      }
      return `${number().format(value)} ${UNITS[language][step]}`
    },
    percent: (part, whole) => percent().format(whole > 0 ? part / whole : 0),
    date: (iso) => valid(iso, (d) => date().format(d)),
    dateTime: (iso) => valid(iso, (d) => dateTime().format(d)),
    time: (iso) => valid(iso, (d) => time().format(d)),
    ago: (iso) =>
      valid(iso, (d) => {
        const seconds = (d.getTime() - Date.now()) / 1000
        const [unit, size] = STEPS.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1]
        return relative().format(Math.round(seconds / size), unit)
      }),
  }
}

const made = new Map<Language, Format>()

export function useFormat(): Format {
  const language = useLanguage()
  const found = made.get(language) ?? formatFor(language)
  made.set(language, found)
  return found
}

/** "2G", "500 MB", "1.5 Go" -> bytes; null where it is no size. Empty: 0, no limit. */
export function parseBytes(text: string): number | null {
  const found = /^\s*(\d+(?:[.,]\d+)?)?\s*([kmgtp]?)(?:i?[bo])?\s*$/i.exec(text)
  if (!found) return null
  if (!found[1]) return found[2] ? null : 0
  const power = ' kmgtp'.indexOf((found[2] || ' ').toLowerCase())
  return Math.round(Number(found[1].replace(',', '.')) * 1024 ** power)
}

/** Bytes as a field shows them for editing: "2G"; "" for no limit. */
export function editBytes(value: number): string {
  if (value === 0) return ''
  const letters = ['', 'K', 'M', 'G', 'T', 'P']
  let step = 0
  while (value % 1024 === 0 && step < 5) {
    value /= 1024
    step++
  }
  return `${value}${letters[step]}`
}
