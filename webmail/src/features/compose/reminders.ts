// What a person would be asked by somebody who reads along before the letter leaves.

const FILES = /\b(?:attach(?:ed|ment|ments|ing)?|enclosed?|enclosing|pi[eè]ces?[ -]?jointes?|ci-joints?|ci-jointes?|en (?:pj|annexe|attache)|p\.?j\.?|je (?:te|vous) joins|joins|anhang|anbei|adjunto|in allegato)(?![\p{L}\p{N}])/iu

/** The writer's own words (not what is quoted) speak of a file. */
export const speaksOfFiles = (text: string): boolean =>
  text
    .split('\n')
    .filter((l) => !l.startsWith('>'))
    .some((l) => FILES.test(l))

const LEAST_MS = 60_000
export const tooSoon = (at: Date): boolean => at.getTime() < Date.now() + LEAST_MS

/** Mornings at eight. */
export function presets(now: Date): { tomorrow: Date; monday: Date } {
  const morning = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 8, 0, 0)
  return { tomorrow: morning(1), monday: morning(((8 - now.getDay()) % 7) || 7) }
}
