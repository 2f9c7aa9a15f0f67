const LETTERS = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** Sixteen letters and digits without those that look alike, in groups of four: 94 bits. */
export function makePassword(): string {
  const bytes = new Uint32Array(16)
  crypto.getRandomValues(bytes)
  return Array.from(bytes, (b, i) => (i > 0 && i % 4 === 0 ? '-' : '') + LETTERS[b % LETTERS.length]).join('')
}

/** "Ada Lovelace" -> "ada.lovelace": what most organisations would choose. */
export function localPartOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.+|\.+$/g, '')
    .slice(0, 64)
}
