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

export function datesFor(language: Language, now = new Date()): Dates {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  // Each is made when it is first wanted: that takes as long as to write twenty dates.
  const format = (options: Intl.DateTimeFormatOptions) => {
    let made: Intl.DateTimeFormat | undefined
    return { format: (d: Date) => (made ??= new Intl.DateTimeFormat(locale, options)).format(d) }
  }
  const time = format({ hour: '2-digit', minute: '2-digit' })
  const weekdayTime = format({ weekday: 'short', hour: '2-digit', minute: '2-digit' })
  const weekdayDay = format({ weekday: 'short', day: 'numeric', month: 'short' })
  const date = format({ day: '2-digit', month: '2-digit', year: 'numeric' })
  const full = format({ dateStyle: 'full', timeStyle: 'short' })
  const weekday = format({ weekday: 'long' })
  const month = format({ month: 'long' })
  const monthYear = format({ month: 'long', year: 'numeric' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const today = midnight(now)
  const monday = today - ((now.getDay() + 6) % 7) * DAY
  const head = (text: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
  const at = (iso: string, say: (d: Date, daysAgo: number) => string) => {
    const d = new Date(iso)
    return Number.isNaN(d.getTime()) ? '' : say(d, Math.round((today - midnight(d)) / DAY))
  }
  return {
    row: (iso) =>
      at(iso, (d, ago) => {
        if (ago === 0) return time.format(d)
        if (ago > -7 && ago < 7) return weekdayTime.format(d)
        return d.getFullYear() === now.getFullYear() ? weekdayDay.format(d) : date.format(d)
      }),
    full: (iso) => at(iso, (d) => full.format(d)),
    section: (iso) =>
      at(iso, (d, ago) => {
        if (ago === 0 || ago === 1) return head(relative.format(-ago, 'day'))
        if (ago < 0) return head(relative.format(1, 'day'))
        if (d.getTime() >= monday) return head(weekday.format(d))
        if (d.getTime() >= monday - 7 * DAY) return head(relative.format(-1, 'week'))
        return head(d.getFullYear() === now.getFullYear() ? month.format(d) : monthYear.format(d))
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
