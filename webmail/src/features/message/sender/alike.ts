// Letters that look like others.

const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Hebrew', 'Arabic', 'Cherokee', 'Georgian', 'Thai', 'Devanagari'] as const
const of = SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const)
const EAST = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Bopomofo}|\p{Script=Hangul}/u

function scriptsIn(text: string): Set<string> {
  const found = new Set<string>()
  for (const c of text) {
    const script = EAST.test(c) ? 'East' : of.find(([, r]) => r.test(c))?.[0]
    if (script) found.add(script)
  }
  return found
}

/** Letters of scripts that nobody mixes in one word ("pаypal" with a Cyrillic а). Latin beside Chinese, Japanese, Korean is usual. */
export function mixesScripts(word: string): boolean {
  const found = scriptsIn(word)
  found.delete('East')
  return found.size > 1
}

// Lower-case letters of other scripts that are drawn as Latin ones.
const TWINS: Record<string, string> = {
  а: 'a', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', ӏ: 'l', о: 'o', р: 'p', ԛ: 'q', ѕ: 's', ԝ: 'w', х: 'x', у: 'y', к: 'k', м: 'm', т: 't', в: 'b', н: 'h', г: 'r', ь: 'b',
  α: 'a', ο: 'o', ρ: 'p', ν: 'v', ι: 'i', κ: 'k', υ: 'u', τ: 't', χ: 'x', ε: 'e', γ: 'y', ω: 'w', η: 'n', օ: 'o', ո: 'n', ս: 'u', հ: 'h', ց: 'g', զ: 'q', ı: 'i', ɑ: 'a', ɡ: 'g', ⅼ: 'l', ꮯ: 'c',
}

/** All letters are of another script, but each has a Latin twin: "аррӏе". */
export function isWholeTwin(word: string): boolean {
  const letters = [...word.toLowerCase()].filter((c) => /\p{L}/u.test(c))
  return letters.length > 1 && letters.every((c) => c in TWINS) && letters.some((c) => !/[a-z]/.test(c))
}

export const looksLikeAnother = (word: string): boolean => mixesScripts(word) || isWholeTwin(word)

/** Signs that turn, hide or join text. */
export const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
