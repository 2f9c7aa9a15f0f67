// The times that people mean by "later".

export type Later = 'evening' | 'tomorrow' | 'weekend' | 'week'
const MORNING = 8
const EVENING = 18
const SATURDAY = 6

/** Those that lie ahead, each once, the nearest first. */
export function laterTimes(now: Date): [Later, Date][] {
  const at = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const weekday = now.getDay()
  const all: [Later, Date][] = [
    ['evening', at(0, EVENING)],
    ['tomorrow', at(1, MORNING)],
    ['weekend', at(SATURDAY - weekday, MORNING)],
    ['week', at((8 - weekday) % 7 || 7, MORNING)],
  ]
  const LEAST_MS = 30 * 60_000
  const isFirst = (time: Date, i: number) => all.findIndex(([, other]) => other.getTime() === time.getTime()) === i
  return all.filter(([, time], i) => time.getTime() > now.getTime() + LEAST_MS && isFirst(time, i))
}

/** As the server takes it. */
export const utc = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z')
