// RFC 3492, the way back: "xn--mnchen-3ya" -> "münchen".
const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700

function adapt(delta: number, points: number, isFirst: boolean): number {
  let k = 0
  let d = isFirst ? Math.floor(delta / DAMP) : delta >> 1
  d += Math.floor(d / points)
  for (; d > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) d = Math.floor(d / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * d) / (d + SKEW))
}

const digit = (c: number): number => (c >= 48 && c <= 57 ? c - 22 : c >= 97 && c <= 122 ? c - 97 : BASE)

function decode(text: string): string | null {
  const dash = text.lastIndexOf('-')
  const out = dash > 0 ? [...text.slice(0, dash)].map((c) => c.codePointAt(0) ?? 0) : []
  let n = 128
  let i = 0
  let bias = 72
  for (let at = dash > 0 ? dash + 1 : 0; at < text.length; ) {
    const before = i
    for (let w = 1, k = BASE; ; k += BASE) {
      const d = digit(text.charCodeAt(at++))
      if (d >= BASE || at > text.length || i > 0x7fffffff) return null
      i += d * w
      const t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias
      if (d < t) break
      w *= BASE - t
    }
    bias = adapt(i - before, out.length + 1, before === 0)
    n += Math.floor(i / (out.length + 1))
    i %= out.length + 1
    if (n > 0x10ffff) return null
    out.splice(i++, 0, n)
  }
  return String.fromCodePoint(...out)
}

/** A domain as people write it; labels that cannot be read stay as they are. */
export function toUnicode(domain: string): string {
  return domain
    .toLowerCase()
    .split('.')
    .map((label) => (label.startsWith('xn--') ? (decode(label.slice(4)) ?? label) : label))
    .join('.')
}

/** The same in ASCII; '' for what is no domain. */
export function toAscii(domain: string): string {
  try {
    return new URL(`http://${domain}`).hostname
  } catch {
    return ''
  }
}
