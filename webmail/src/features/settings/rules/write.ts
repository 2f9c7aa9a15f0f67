// Rules as a script that a person can read, too.
import { type Action, type Condition, type Operator, type Rule, type Rules } from './model'
import { quoted } from './sieve'

export const HEAD = ['Written by the settings of the webmail, which show it as rules', 'as long as nothing else has changed it.']
const RULE_ON = 'Rule: '
const RULE_OFF = 'Rule that is switched off: '
export const FORWARD = 'Forwarding'

const list = (values: readonly string[]) => (values.length === 1 ? quoted(values[0] ?? '') : `[${values.map(quoted).join(', ')}]`)
const NEGATIVE: readonly Operator[] = ['containsNot', 'isNot', 'domainNot', 'existsNot']
/** `*` and `?` of what was typed mean themselves. */
const plain = (value: string) => value.replace(/[*?\\]/g, '\\$&')

function compared(c: Condition): string {
  if (c.operator === 'begins') return `:matches ${'{}'} ${list(c.values.map((v) => `${plain(v)}*`))}`
  if (c.operator === 'ends') return `:matches ${'{}'} ${list(c.values.map((v) => `*${plain(v)}`))}`
  if (c.operator === 'is' || c.operator === 'isNot') return `:is ${'{}'} ${list(c.values)}`
  if (c.operator === 'domain' || c.operator === 'domainNot') return `:domain :is ${'{}'} ${list(c.values)}`
  return `:contains ${'{}'} ${list(c.values)}`
}

function positive(c: Condition): string {
  const exists = c.operator === 'exists' || c.operator === 'existsNot'
  const isAddress = ['is', 'isNot', 'domain', 'domainNot'].includes(c.operator)
  const of = (test: string, field: string) => `${test} ${compared(c).replace('{}', () => field)}`
  switch (c.field) {
    case 'recipients':
      return of(isAddress ? 'address' : 'header', '["to", "cc"]')
    case 'from':
    case 'to':
    case 'cc':
      return of(isAddress ? 'address' : 'header', quoted(c.field))
    case 'subject':
      return of('header', '"subject"')
    case 'body':
      return `body :text :contains ${list(c.values)}`
    case 'attachment':
      return 'header :mime :anychild :contains "content-disposition" "attachment"'
    case 'list':
      return exists ? 'exists "list-id"' : of('header', '"list-id"')
    case 'header':
      return exists ? `exists ${quoted(c.header ?? '')}` : of('header', quoted(c.header ?? ''))
    case 'size':
      return `size :${c.operator} ${c.values[0] ?? '0'}`
  }
}

const testOf = (c: Condition): string => (NEGATIVE.includes(c.operator) ? `not ${positive(c)}` : positive(c))

function commandOf(a: Action): string {
  const folder = a.folder && `:mailboxid ${quoted(a.folder.id)} ${quoted(a.folder.path)}`
  const text = quoted(a.text ?? '')
  switch (a.kind) {
    case 'move':
      return `fileinto ${folder};`
    case 'copy':
      return `fileinto :copy ${folder};`
    case 'trash':
      return 'fileinto :specialuse "\\\\Trash" "Trash";'
    case 'junk':
      return 'fileinto :specialuse "\\\\Junk" "Junk";'
    case 'read':
      return 'addflag "\\\\Seen";'
    case 'flag':
      return 'addflag "\\\\Flagged";'
    case 'label':
      return `addflag ${text};`
    case 'forward':
      return `redirect :copy ${text};`
    case 'redirect':
      return `redirect ${text};`
    case 'reject':
      return `reject ${text};`
    case 'discard':
      return 'discard;'
  }
}

// Flags hold for what is filed after them, so they come first.
const FIRST = ['read', 'flag', 'label']
export function inOrder(actions: readonly Action[]): Action[] {
  return [...actions.filter((a) => FIRST.includes(a.kind)), ...actions.filter((a) => !FIRST.includes(a.kind))]
}

function guardOf(rule: Rule): string {
  const tests = rule.conditions.map(testOf)
  const inner = rule.match === 'always' ? 'true' : `${rule.match === 'all' ? 'allof' : 'anyof'} (${tests.join(',\n        ')})`
  return rule.isOn ? inner : `allof (false, ${inner})`
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

export function ruleText(rule: Rule): string {
  const commands = [...inOrder(rule.actions).map(commandOf), ...(rule.stops ? ['stop;'] : [])]
  return `# ${rule.isOn ? RULE_ON : RULE_OFF}${oneLine(rule.name)}\nif ${guardOf(rule)} {\n${commands.map((c) => `    ${c}\n`).join('')}}\n`
}

/** The name of a rule and whether it is on, from its comment; null: not one of ours. */
export function titleOf(comment: string): { name: string; isOn: boolean } | null {
  if (comment.startsWith(RULE_OFF)) return { name: comment.slice(RULE_OFF.length), isOn: false }
  return comment.startsWith(RULE_ON) ? { name: comment.slice(RULE_ON.length), isOn: true } : null
}

const EXTENSIONS: [name: string, isNeeded: RegExp][] = [
  ['fileinto', /^ *fileinto /m],
  ['mailboxid', /^ *fileinto (:copy )?:mailboxid /m],
  ['special-use', /^ *fileinto :specialuse /m],
  ['copy', /^ *(fileinto|redirect) :copy /m],
  ['imap4flags', /^ *addflag /m],
  ['reject', /^ *reject /m],
  ['body', /\bbody :text :contains /],
  ['mime', /\bheader :mime :anychild /],
]

export function writeRules(r: Rules): string {
  const parts: string[] = []
  if (r.forward) parts.push(`# ${FORWARD}\n${r.forward.to.map((to, i) => `redirect ${r.forward?.keeps || i > 0 ? ':copy ' : ''}${quoted(to)};\n`).join('')}`)
  parts.push(...r.rules.map(ruleText))
  const body = parts.join('\n')
  const needed = EXTENSIONS.filter(([, isNeeded]) => isNeeded.test(body)).map(([name]) => quoted(name))
  const head = `# ${HEAD.join('\n# ')}\n`
  return `${head}${needed.length > 0 ? `require [${needed.join(', ')}];\n` : ''}${body === '' ? '' : `\n${body}`}`
}
