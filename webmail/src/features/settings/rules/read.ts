// A script as rules: only one that writeRules() would write, letter by letter.
import { ASKED, type Action, type Condition, type Field, type Operator, type Rule, type Rules } from './model'
import { parseSieve, SieveSyntax, type Arg, type Command, type Test } from './sieve'
import { FORWARD, HEAD, titleOf, writeRules } from './write'

class Foreign extends Error {}
const foreign = (): never => {
  throw new Foreign()
}

const tags = (args: readonly Arg[]) => args.flatMap((a) => ('tag' in a ? [a.tag] : []))
const texts = (args: readonly Arg[]) => args.flatMap((a) => ('text' in a ? [[a.text]] : 'list' in a ? [a.list] : []))

const FIELD_OF: Record<string, Field> = { from: 'from', to: 'to', cc: 'cc', 'to cc': 'recipients', subject: 'subject', 'list-id': 'list' }
const NEGATED: Partial<Record<Operator, Operator>> = { contains: 'containsNot', is: 'isNot', domain: 'domainNot', exists: 'existsNot' }
const plain = (pattern: string) => pattern.replace(/\\([*?\\])/g, '$1')

function fieldOf(names: readonly string[]): Pick<Condition, 'field' | 'header'> {
  const field = FIELD_OF[names.join(' ')]
  return field ? { field } : names.length === 1 && names[0] ? { field: 'header', header: names[0] } : foreign()
}

function matched(values: readonly string[]): Pick<Condition, 'operator' | 'values'> {
  if (values.every((v) => v.endsWith('*') && !/(?:^|[^\\])(?:\\\\)*\\\*$/.test(v))) return { operator: 'begins', values: values.map((v) => plain(v.slice(0, -1))) }
  if (values.every((v) => v.startsWith('*'))) return { operator: 'ends', values: values.map((v) => plain(v.slice(1))) }
  return foreign()
}

/** What is asked of a field of the header as of any other (it begins with) is shown so. */
function conditionOf(test: Test): Condition {
  const found = testOf(test)
  if (ASKED[found.field].includes(found.operator)) return found
  const header = Object.keys(FIELD_OF).find((name) => FIELD_OF[name] === found.field)
  return header && !header.includes(' ') ? { ...found, field: 'header', header } : foreign()
}

function testOf(test: Test): Condition {
  if (test.name === 'not') {
    const inner = testOf(test.tests[0] ?? foreign())
    return { ...inner, operator: NEGATED[inner.operator] ?? foreign() }
  }
  const marks = tags(test.args)
  const [first = [], second = []] = texts(test.args)
  if (test.name === 'size') {
    const number = test.args.find((a) => 'number' in a)
    return { field: 'size', operator: marks[0] === 'over' ? 'over' : 'under', values: [String(number && 'number' in number ? number.number : foreign())] }
  }
  if (test.name === 'body') return { field: 'body', operator: 'contains', values: first }
  if (test.name === 'exists') return { ...fieldOf(first), operator: 'exists', values: [] }
  if (test.name !== 'header' && test.name !== 'address') return foreign()
  if (marks.includes('mime')) return { field: 'attachment', operator: 'exists', values: [] }
  const where = fieldOf(first)
  if (marks.includes('matches')) return { ...where, ...matched(second) }
  return { ...where, operator: marks.includes('domain') ? 'domain' : marks.includes('contains') ? 'contains' : 'is', values: second }
}

function actionOf(command: Command): Action {
  const marks = tags(command.args)
  const all = texts(command.args).map(([t]) => t ?? foreign())
  const [first = '', second = ''] = all
  if (command.name === 'discard') return { kind: 'discard' }
  if (command.name === 'reject') return { kind: 'reject', text: first }
  if (command.name === 'redirect') return { kind: marks.includes('copy') ? 'forward' : 'redirect', text: first }
  if (command.name === 'addflag') return first === '\\Seen' ? { kind: 'read' } : first === '\\Flagged' ? { kind: 'flag' } : { kind: 'label', text: first }
  if (command.name !== 'fileinto') return foreign()
  if (marks.includes('specialuse')) return { kind: first === '\\Trash' ? 'trash' : 'junk' }
  return { kind: marks.includes('copy') ? 'copy' : 'move', folder: { id: first, path: second } }
}

function ruleOf(command: Command, title: { name: string; isOn: boolean }): Rule {
  const guard = title.isOn ? command.tests[0] : command.tests[0]?.tests[1]
  const match = guard?.name === 'true' ? 'always' : guard?.name === 'allof' ? 'all' : guard?.name === 'anyof' ? 'any' : foreign()
  const inner = command.block ?? foreign()
  const stops = inner.at(-1)?.name === 'stop'
  return { ...title, match, conditions: match === 'always' ? [] : (guard?.tests ?? []).map(conditionOf), actions: (stops ? inner.slice(0, -1) : inner).map(actionOf), stops }
}

function understood(commands: readonly Command[]): Rules {
  const found: Rules = { forward: null, rules: [] }
  let part = ''
  for (const command of commands) {
    // The head stands above whatever comes first.
    const comments = command === commands[0] ? command.comments.slice(HEAD.length) : command.comments
    part = comments[0] ?? part
    const title = titleOf(part)
    if (command.name === 'require') part = ''
    else if (command.name === 'redirect' && part === FORWARD) {
      const { kind, text = '' } = actionOf(command)
      found.forward = found.forward ? { ...found.forward, to: [...found.forward.to, text] } : { to: [text], keeps: kind === 'forward' }
    } else if (command.name !== 'if') return foreign()
    else if (title) found.rules.push(ruleOf(command, title))
    else return foreign()
  }
  return found
}

/** null: it was written, or changed, by somebody else. */
export function readRules(script: string): Rules | null {
  const text = script.replaceAll('\r\n', '\n')
  try {
    const found = understood(parseSieve(text))
    return writeRules(found) === text ? found : null
  } catch (cause) {
    if (cause instanceof Foreign || cause instanceof SieveSyntax) return null
    throw cause
  }
}
