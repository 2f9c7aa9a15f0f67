import { Answered, ErrorPanel, Foreign, tellDone, useKitTexts } from '@chappe/kit'
import { IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Checkbox, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { Avatar } from '../mail/avatar'
import { useFolderName } from './names'
import { findPrincipals, MAILBOX_ROLES, PUBLIC_FOLDER_ROLES, RIGHTS, share, sharesQuery, withRight, type Principal, type RoleSet, type Share } from './share-data'
import classes from './share.module.css'
import { useShareTexts } from './share-texts'

function below(store: AccountStore, id: string): string[] {
  const children = [...store.mailboxes.values()].filter((m) => m.parentId === id)
  return children.flatMap((m) => [m.id, ...below(store, m.id)])
}

/** Finds people and shared mailboxes in the address book while one types. */
export function PersonPicker({ store, without, onPick }: { store: AccountStore; without: readonly string[]; onPick: (who: Principal) => void }) {
  const say = useShareTexts()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), 150)
  const found = useQuery({
    queryKey: ['principals', store.accountId, asked],
    enabled: asked !== '',
    staleTime: 60_000,
    queryFn: ({ signal }) => findPrincipals(store.jmap, store.accountId, asked, signal),
  })
  const people = asked === '' ? [] : (found.data ?? []).filter((p) => !without.includes(p.id))
  return (
    <Select
      label={say('add')}
      placeholder={say('addHint')}
      searchable
      searchValue={text}
      onSearchChange={setText}
      value={null}
      data={people.map((p) => ({ value: p.id, label: p.email ? `${p.name} <${p.email}>` : p.name }))}
      filter={({ options }) => options}
      nothingFoundMessage={asked !== '' && found.isSuccess ? say('nobody') : undefined}
      onChange={(id) => {
        const who = people.find((p) => p.id === id)
        if (!who) return
        onPick(who)
        setText('')
      }}
      data-autofocus
    />
  )
}

function ShareRow({ roles, value, onChange, onRemove }: { roles: RoleSet; value: Share; onChange: (next: Share) => void; onRemove: () => void }) {
  const say = useShareTexts()
  const { who, rights } = value
  const name = who.name || who.email || say('unknown')
  const role = roles.roleOf(rights)
  const doing = (of: NonNullable<typeof role>) => (roles === PUBLIC_FOLDER_ROLES && (of === 'contributor' || of === 'author' || of === 'editor') ? say(`does.public.${of}`) : say(`does.${of}`))
  return (
    <li>
      <div className={classes.line}>
        <Avatar of={{ name, email: who.email ?? '' }} />
        <div className={classes.who}>
          <Foreign>{name}</Foreign>
          <small>{role ? doing(role) : <Foreign>{who.email}</Foreign>}</small>
        </div>
        <Select
          aria-label={say('role', { name })}
          data={[...roles.names, ...(role ? [] : ['custom' as const])].map((r) => ({ value: r, label: say(`role.${r}`) }))}
          value={role ?? 'custom'}
          onChange={(word) => {
            const next = roles.names.find((r) => r === word)
            if (next) onChange({ who, rights: roles.rightsOf(next) })
          }}
          allowDeselect={false}
        />
        <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={say('removeOne', { name })}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      <details className={classes.details}>
        <summary>{say('details', { name })}</summary>
        <div className={classes.rights}>
          {RIGHTS.map((r) => (
            <Checkbox key={r} size="xs" label={say(`right.${r}`)} checked={rights[r] === true} onChange={(e) => onChange({ who, rights: withRight(rights, r, e.currentTarget.checked) })} />
          ))}
        </div>
      </details>
    </li>
  )
}

function Form({ store, mailbox, known, onClose }: { store: AccountStore; mailbox: Mailbox; known: Share[]; onClose: () => void }) {
  const say = useShareTexts()
  const kit = useKitTexts()
  const queries = useQueryClient()
  const [shares, setShares] = useState(known)
  const [alsoBelow, setAlsoBelow] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const children = below(store, mailbox.id)
  const roles = store.postAddress ? PUBLIC_FOLDER_ROLES : MAILBOX_ROLES
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await share(store.jmap, store.accountId, new Map([mailbox.id, ...(alsoBelow ? children : [])].map((id) => [id, shares])))
      tellDone(say('saved'))
      onClose()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: sharesQuery(store.jmap, store.accountId).queryKey })
    }
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {say('lead')}
      </Text>
      <PersonPicker store={store} without={shares.map((s) => s.who.id)} onPick={(who) => setShares([...shares, { who, rights: roles.rightsOf(roles.first) }])} />
      {shares.length === 0 ? (
        <Text size="sm">{say(store.postAddress ? 'nonePublic' : 'none')}</Text>
      ) : (
        <ul className={classes.list}>
          {shares.map((s, i) => (
            <ShareRow key={s.who.id} roles={roles} value={s} onChange={(next) => setShares(shares.map((old, k) => (k === i ? next : old)))} onRemove={() => setShares(shares.filter((_, k) => k !== i))} />
          ))}
        </ul>
      )}
      {children.length > 0 && <Checkbox label={say('below')} checked={alsoBelow} onChange={(e) => setAlsoBelow(e.currentTarget.checked)} />}
      {error !== null && <ErrorPanel error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {kit('cancel')}
        </Button>
        <Button loading={busy} onClick={() => void save()}>
          {say('save')}
        </Button>
      </Group>
    </Stack>
  )
}

/** Who else may see a folder of the own account, or a public one, and do what. */
export default function ShareDialog({ store, mailbox, onClose }: { store: AccountStore; mailbox: Mailbox; onClose: () => void }) {
  const say = useShareTexts()
  const kit = useKitTexts()
  const nameOf = useFolderName()
  const found = useQuery({ ...sharesQuery(store.jmap, store.accountId), refetchOnWindowFocus: false })
  return (
    <Modal opened onClose={onClose} title={say('title', { name: nameOf(mailbox) })} size={640} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Answered of={found}>{(shares) => <Form store={store} mailbox={mailbox} known={shares.get(mailbox.id) ?? []} onClose={onClose} />}</Answered>
    </Modal>
  )
}
