import { Answered, Confirm, ErrorPanel, Foreign, Panel, tellDone } from '@chappe/kit'
import { IconPencil, IconX } from '@chappe/kit/icons'
import { ActionIcon, Switch, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail, useStore } from '../../../jmap/mail'
import type { AccountStore } from '../../../jmap/store'
import { PersonPicker } from '../../folders/share'
import { ROLE_NAMES, roleOf, sharesQuery, type Principal, type Share } from '../../folders/share-data'
import { useShareTexts } from '../../folders/share-texts'
import { Avatar } from '../../mail/avatar'
import formClasses from '../form.module.css'
import { useSettingsTexts } from '../texts'
import { delegatesOf, setDelegate, type Delegate } from './data'
import { DelegateEditor } from './editor'
import { grantsQuery, setKeepsSent, type Grants } from './grants'
import { useDelegateTexts } from './texts'

/** "3 folders: Reader, Editor" */
function useSummary(): (of: Delegate) => string {
  const say = useDelegateTexts()
  const roles = useShareTexts()
  return ({ rights, way }) => {
    const has = new Set([...rights.values()].map((r) => roleOf(r) ?? 'custom'))
    const words = [...ROLE_NAMES, 'custom' as const].filter((r) => has.has(r)).map((r) => roles(`role.${r}`))
    const folders = rights.size > 0 ? [`${say('folders', { count: rights.size })}: ${words.join(', ')}`] : []
    return [...(way === 'none' ? [] : [say(`way.${way}`)]), ...folders].join(' · ')
  }
}

interface ListProps {
  store: AccountStore
  shares: ReadonlyMap<string, Share[]>
  grants: Grants
  onChanged: () => Promise<void>
}

function Delegates({ store, shares, grants, onChanged }: ListProps) {
  const say = useDelegateTexts()
  const roles = useShareTexts()
  const common = useSettingsTexts()
  const summary = useSummary()
  const [edited, setEdited] = useState<Delegate | null>(null)
  const [removed, setRemoved] = useState<Delegate | null>(null)
  const [error, setError] = useState<unknown>(null)
  const all = delegatesOf(shares, grants.list)
  const nameOf = (who: Principal) => who.name || who.email || roles('unknown')
  const save = async (next: Delegate) => {
    await setDelegate(store, shares, grants.list, next)
    await onChanged()
  }
  const keep = async (on: boolean) => {
    setError(null)
    try {
      await setKeepsSent(store.jmap, on)
      tellDone(common('saved'))
    } catch (cause) {
      setError(cause)
    }
    await onChanged()
  }
  return (
    <Panel title={say('people')}>
      <Text size="sm" c="dimmed" mb={12}>
        {say('lead')}
      </Text>
      <PersonPicker store={store} without={all.map((d) => d.who.id)} onPick={(who) => setEdited({ who, rights: new Map(), way: 'none' })} />
      {all.length === 0 && (
        <Text size="sm" mt={12}>
          {say('none')}
        </Text>
      )}
      <ul className={formClasses.rows}>
        {all.map((d) => (
          <li key={d.who.id || d.who.email} className={formClasses.line}>
            <Avatar of={{ name: d.who.name, email: d.who.email ?? '' }} />
            <div className={formClasses.grow}>
              <Foreign>{nameOf(d.who)}</Foreign>
              <div className={formClasses.note}>{summary(d)}</div>
            </div>
            <ActionIcon variant="default" size="lg" onClick={() => setEdited(d)} aria-label={say('edit', { name: nameOf(d.who) })}>
              <IconPencil size={17} />
            </ActionIcon>
            <ActionIcon variant="subtle" color="gray" onClick={() => setRemoved(d)} aria-label={say('remove', { name: nameOf(d.who) })}>
              <IconX size={16} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {(grants.keepsSent || all.some((d) => d.way !== 'none')) && (
        <Switch mt={16} label={say('keepsSent')} description={say('keepsSentLead')} checked={grants.keepsSent} onChange={(e) => void keep(e.currentTarget.checked)} />
      )}
      {error !== null && <ErrorPanel error={error} />}
      {edited && <DelegateEditor key={edited.who.id || edited.who.email} store={store} delegate={edited} onSave={save} onClose={() => setEdited(null)} />}
      {removed && (
        <Confirm title={say('removeTitle', { name: nameOf(removed.who) })} action={say('remove', { name: nameOf(removed.who) })} onAct={() => save({ who: removed.who, rights: new Map(), way: 'none' })} onDone={() => setRemoved(null)}>
          {say('removeLead', { name: nameOf(removed.who) })}
        </Confirm>
      )}
    </Panel>
  )
}

export default function DelegatesPage() {
  const store = useStore(useMail().own)
  const queries = useQueryClient()
  const query = sharesQuery(store.jmap, store.accountId)
  const grantsOf = grantsQuery(store.jmap)
  const found = useQuery(query)
  const grants = useQuery(grantsOf)
  const changed = () => Promise.all([query, grantsOf].map(({ queryKey }) => queries.invalidateQueries({ queryKey }))).then(() => undefined)
  return <Answered of={found}>{(shares) => <Answered of={grants}>{(grants) => <Delegates store={store} shares={shares} grants={grants} onChanged={changed} />}</Answered>}</Answered>
}
