import { useLanguage, type Language } from '@chappe/kit'

export interface Dates {
  /** Short, with the weekday where it helps: "14:02", "Wed 14:02", "Wed 12 Nov", "12/11/2024". */
  row(iso: string): string
  /** All of it: "Wednesday 12 November 2026 at 14:02". */
  full(iso: string): string
  /** The heading below which a message stands: today, yesterday, a weekday, last week, a month. */
  section(iso: string): string
}

const DAY = 86_400_000
const midnight = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
const two = (n: number) => String(n).padStart(2, '0')

// As Intl says them in en-GB and fr-FR, which takes longer to load than a list to draw.
const NAMES = {
  en: {
    days: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
    daysShort: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
    months: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
    monthsShort: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'],
    relative: { tomorrow: 'Tomorrow', today: 'Today', yesterday: 'Yesterday', lastWeek: 'Last week' },
  },
  fr: {
    days: ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'],
    daysShort: ['dim.', 'lun.', 'mar.', 'mer.', 'jeu.', 'ven.', 'sam.'],
    months: ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
    monthsShort: ['janv.', 'févr.', 'mars', 'avr.', 'mai', 'juin', 'juil.', 'août', 'sept.', 'oct.', 'nov.', 'déc.'],
    relative: { tomorrow: 'Demain', today: 'Aujourd’hui', yesterday: 'Hier', lastWeek: 'La semaine dernière' },
  },
} as const

export function datesFor(language: Language, now = new Date()): Dates {
  const { days, daysShort, months, monthsShort, relative } = NAMES[language]
  let full: Intl.DateTimeFormat | undefined
  const today = midnight(now)
  const monday = today - ((now.getDay() + 6) % 7) * DAY
  const head = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
  const time = (d: Date) => `${two(d.getHours())}:${two(d.getMinutes())}`
  const isThisYear = (d: Date) => d.getFullYear() === now.getFullYear()
  const at = (iso: string, say: (d: Date, daysAgo: number) => string) => {
    const d = new Date(iso)
    return Number.isNaN(d.getTime()) ? '' : say(d, Math.round((today - midnight(d)) / DAY))
  }
  return {
    row: (iso) =>
      at(iso, (d, ago) => {
        if (ago === 0) return time(d)
        if (ago > -7 && ago < 7) return `${daysShort[d.getDay()]} ${time(d)}`
        return isThisYear(d) ? `${daysShort[d.getDay()]} ${d.getDate()} ${monthsShort[d.getMonth()]}` : `${two(d.getDate())}/${two(d.getMonth() + 1)}/${d.getFullYear()}`
      }),
    full: (iso) => at(iso, (d) => (full ??= new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', { dateStyle: 'full', timeStyle: 'short' })).format(d)),
    section: (iso) =>
      at(iso, (d, ago) => {
        if (ago === 0) return relative.today
        if (ago === 1) return relative.yesterday
        if (ago < 0) return relative.tomorrow
        if (d.getTime() >= monday) return head(days[d.getDay()] ?? '')
        if (d.getTime() >= monday - 7 * DAY) return relative.lastWeek
        const month = head(months[d.getMonth()] ?? '')
        return isThisYear(d) ? month : `${month} ${d.getFullYear()}`
      }),
  }
}

let made: { language: Language; day: number; dates: Dates } | undefined

/** Those of today, the same for all who ask. */
export function datesNow(language: Language): Dates {
  const day = midnight(new Date())
  if (made?.language !== language || made.day !== day) made = { language, day, dates: datesFor(language) }
  return made.dates
}

export const useDates = (): Dates => datesNow(useLanguage())
