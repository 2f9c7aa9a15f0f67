import { Foreign, useFormat } from '@chappe/kit'
import { Fragment, type ReactNode } from 'react'
import { useMail, useStore } from '../../../jmap/mail'
import { useFolderName } from '../../folders/names'
import { pathOf } from '../../folders/order'
import { hasValues, type Action, type Condition, type Rule } from './model'
import { useRuleTexts } from './texts'

function joined(parts: readonly ReactNode[], between: string): ReactNode {
  return parts.map((part, i) => (
    <Fragment key={i}>
      {i > 0 && between}
      {part}
    </Fragment>
  ))
}

/** A folder of a rule, by its name today. */
export function useFolderOfRule(): (folder: Action['folder']) => string {
  const store = useStore(useMail().own)
  const nameOf = useFolderName()
  return (folder) => {
    const found = folder && store.mailboxes.get(folder.id)
    return found ? pathOf(store, found, nameOf) : (folder?.path ?? '')
  }
}

/** A rule in a sentence. */
export function RuleSummary({ rule }: { rule: Rule }) {
  const say = useRuleTexts()
  const format = useFormat()
  const folderOf = useFolderOfRule()
  const condition = (c: Condition) => (
    <>
      {c.field === 'header' ? <Foreign>{c.header}</Foreign> : say(`field.${c.field}`)} {say(`op.${c.operator}`)}
      {hasValues(c.operator) && ' '}
      {c.field === 'size' ? format.bytes(Number(c.values[0])) : joined(c.values.map((v) => <q key={v}>{<Foreign>{v}</Foreign>}</q>), ` ${say('or')} `)}
    </>
  )
  const action = (a: Action) => (
    <>
      {say(`do.${a.kind}`)}
      {a.folder && (
        <>
          {' '}
          <Foreign>{folderOf(a.folder)}</Foreign>
        </>
      )}
      {a.text && (
        <>
          {' '}
          <Foreign>{a.text}</Foreign>
        </>
      )}
    </>
  )
  return (
    <>
      {rule.match === 'always' ? say('every') : joined(rule.conditions.map(condition), ` ${say(rule.match === 'all' ? 'and' : 'or')} `)}
      {' → '}
      {joined(rule.actions.map(action), ', ')}
      {rule.stops && `, ${say('stopsShort')}`}
    </>
  )
}
