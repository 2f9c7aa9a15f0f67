import { editBytes, parseBytes } from '@chappe/kit'
import * as z from 'zod/mini'
import type { Option } from '../../app/command'
import type { Rule } from './data'
import { partOf, parts, type PartName } from './rule-parts'

/** Conditions and actions as they stand in the form: texts; a flag that is set is ''. */
export type Chosen = Partial<Record<PartName, string>>

/** A stored rule as it stands in the form. */
export function chosenOf(of: Rule): Chosen {
  const whole = z.record(z.string(), z.unknown()).parse(JSON.parse(of.rule))
  const chosen: Chosen = {}
  for (const part of parts) {
    const value = whole[part.name]
    if (part.is === 'flag') {
      if (value === true) chosen[part.name] = ''
    } else if (typeof value === 'string') chosen[part.name] = value
    else if (typeof value === 'number') chosen[part.name] = editBytes(value)
  }
  return chosen
}

const valueOf = (name: string, text: string): unknown => {
  const is = partOf(name)?.is
  return is === 'flag' ? true : is === 'size' ? (parseBytes(text) ?? 0) : text
}

/** As it is sent whole: a new rule, or one that is tried. */
export const bodyOf = (chosen: Chosen): Record<string, unknown> => Object.fromEntries(Object.entries(chosen).map(([name, text]) => [name, valueOf(name, text)]))

/** What is to be changed of a rule: what was taken out is named as nothing. */
export function changesOf(before: Chosen, now: Chosen): { body: Record<string, unknown>; options: Record<string, Option> } {
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  for (const { name, is } of parts) {
    const text = now[name]
    if (text === before[name]) continue
    const option = name.replaceAll('_', '-')
    body[name] = text === undefined ? (is === 'flag' ? false : is === 'size' ? 0 : '') : valueOf(name, text)
    options[option] = is === 'flag' ? (text === undefined ? 'no' : 'yes') : (text ?? (is === 'size' ? '0' : ''))
  }
  return { body, options }
}

/** The same of a new one, for the command line. */
export const optionsOf = (chosen: Chosen): Record<string, Option> => Object.fromEntries(Object.entries(chosen).map(([name, text]) => [name.replaceAll('_', '-'), partOf(name)?.is === 'flag' ? true : text]))

/** It does something, and nothing in it is left open. */
export function isWhole(chosen: Chosen): boolean {
  const acts = parts.some((p) => p.kind === 'actions' && chosen[p.name] !== undefined)
  return acts && Object.entries(chosen).every(([name, text]) => partOf(name)?.is === 'flag' || (text !== '' && (partOf(name)?.is !== 'size' || Boolean(parseBytes(text)))))
}

/** A message as it would come, of what is typed. Line ends in a field would begin another one. */
export function messageOf({ from, to, subject, attachment, size }: { from: string; to: string; subject: string; attachment: string; size: number }): string {
  const line = (text: string) => text.replaceAll(/[\r\n]+/g, ' ')
  const quoted = line(attachment).replaceAll(/["\\]/g, '')
  const head = [`From: ${line(from)}`, `To: ${line(to)}`, `Subject: ${line(subject)}`, 'MIME-Version: 1.0']
  const text = ['Content-Type: text/plain; charset=utf-8', '', 'x'.repeat(Math.max(1, Math.min(size, MOST)))]
  if (!quoted) return [...head, ...text, ''].join('\r\n')
  return [...head, 'Content-Type: multipart/mixed; boundary=part', '', '--part', ...text, '--part', 'Content-Type: application/octet-stream', `Content-Disposition: attachment; filename="${quoted}"`, '', 'x', '--part--', ''].join('\r\n')
}
const MOST = 200_000
