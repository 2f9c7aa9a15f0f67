// Signed text of OpenPGP (RFC 9580, 7): what was signed is shown, and nothing of the armour, whose fields nobody signed.
const FIELDS_MAX = 8
const HASH = /^Hash:[A-Za-z0-9, \t-]*$/
const FIELD = /^(?:Version|Comment):.{0,192}$/u
const BASE64 = /^[A-Za-z0-9+/= \t]*$/

/** The place of the first line from `from` on that is this one; -1. */
const find = (lines: readonly string[], line: string, from: number): number => lines.indexOf(line, from)

/** Lines of a text that is one signed text and nothing else; as it is where anything stands around it. */
export function withoutArmour(text: string): string {
  if (!text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) return text
  const written = text.split('\n')
  const lines = written.map((line) => line.trimEnd())
  const begin = lines.findIndex((line) => line !== '')
  const first = find(lines, '', begin) + 1
  const signature = find(lines, '-----BEGIN PGP SIGNATURE-----', first)
  const end = find(lines, '-----END PGP SIGNATURE-----', signature)
  if (lines[begin] !== '-----BEGIN PGP SIGNED MESSAGE-----' || first === 0 || signature < 0 || end < 0) return text
  const armour = lines.slice(signature + 1, end)
  const fields = armour.findIndex((line) => !FIELD.test(line))
  const isBare = fields >= 0 && fields <= FIELDS_MAX && armour.slice(fields).every((line) => BASE64.test(line))
  const isAlone = lines.slice(end + 1).every((line) => line === '')
  if (!isBare || !isAlone || !lines.slice(begin + 1, first - 1).every((line) => HASH.test(line))) return text
  return written
    .slice(first, signature)
    .map((line) => line.replace(/^- /, ''))
    .join('\n')
}
