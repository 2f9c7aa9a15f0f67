import { EmptyState, parseBytes, useKitTexts, wordOf } from '@chappe/kit'
import { IconAddressBook, IconBuilding, IconFolder, IconInbox, IconTool, IconUser, IconUsersGroup, type Icon } from '@chappe/kit/icons'
import { Anchor, Button, Modal, Select, TagsInput, TextInput, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMayEverywhere } from '../../app/session'
import { domainsQuery } from '../domains/data'
import { AdminGroupField } from '../organisations/admin-group-field'
import { storesQuery } from '../home/data'
import classes from './add.module.css'
import { PasswordField, QuotaField } from './fields'
import { PUBLIC_ROLES, type PublicRole } from './roles'
import { localPartOf } from './password'
import { useTexts } from './texts'
import { useAddTexts } from './texts-add'
import { useShareTexts } from './texts-shares'

const kinds = ['user', 'shared', 'room', 'equipment', 'public-folder', 'group', 'contact'] as const
export type Kind = (typeof kinds)[number]
const icons: Record<Kind, Icon> = { user: IconUser, shared: IconInbox, room: IconBuilding, equipment: IconTool, 'public-folder': IconFolder, group: IconUsersGroup, contact: IconAddressBook }

function Choose({ onChoose, onClose }: { onChoose: (kind: Kind) => void; onClose: () => void }) {
  const say = useAddTexts()
  const words = useTexts()
  const kit = useKitTexts()
  return (
    <Modal opened onClose={onClose} title={say('title')} size="lg" closeButtonProps={{ 'aria-label': kit('close') }}>
      <p>{say('what')}</p>
      <div className={classes.kinds}>
        {kinds.map((kind) => {
          const Icon = icons[kind]
          return (
            <UnstyledButton key={kind} className={classes.kind} onClick={() => onChoose(kind)}>
              <Icon size={24} stroke={1.5} aria-hidden />
              <span>
                <strong>{wordOf(words, 'kind', kind)}</strong>
                <small>{say(`${kind}.lead`)}</small>
              </span>
            </UnstyledButton>
          )
        })}
      </div>
    </Modal>
  )
}

interface Values {
  name: string
  local: string
  domain: string
  password: string
  quota: string
  adminGroup: string
  store: string
  target: string
  members: string[]
  everybody: PublicRole | 'none'
}

function order(kind: Kind, v: Values) {
  const address = `${v.local}@${v.domain}`
  const quota = parseBytes(v.quota) ?? 0
  const held = v.adminGroup && { admin_group: v.adminGroup }
  const holder = { 'admin-group': v.adminGroup || undefined }
  if (kind === 'group')
    return { path: '/groups', body: { address, name: v.name, members: v.members, ...held }, line: commandLine(['group', 'add', address], { name: v.name, members: v.members, ...holder }) }
  if (kind === 'contact')
    return { path: '/contacts', body: { address, name: v.name, target: v.target, ...held }, line: commandLine(['contact', 'add', address, v.target], { name: v.name, ...holder }) }
  const [group, store] = v.store.split('/')
  const body = {
    address,
    name: v.name,
    ...(kind !== 'user' && { kind }),
    ...(kind === 'user' && v.password && { password: v.password }),
    ...(kind === 'public-folder' && { default_rights: v.everybody }),
    ...(quota > 0 && { quota }),
    ...held,
    ...(v.store && { storage_group: group, store }),
  }
  const line = commandLine(['user', 'add', address], {
    name: v.name,
    kind: kind === 'user' ? undefined : kind,
    'default-rights': kind === 'public-folder' ? v.everybody : undefined,
    'password-file': kind === 'user' && v.password ? '-' : undefined,
    quota: v.quota.trim() || undefined,
    ...holder,
    'storage-group': v.store ? group : undefined,
    store: v.store ? store : undefined,
  })
  return { path: '/users', body, line }
}

function Form({ kind, inOrganisation, inDomain, onBack, onClose }: { kind: Kind; inOrganisation: string | undefined; inDomain: string | undefined; onBack: () => void; onClose: () => void }) {
  const say = useAddTexts()
  const roles = useShareTexts()
  const words = useTexts()
  const change = useChange()
  const navigate = useNavigate()
  const domains = useQuery(domainsQuery(inOrganisation)).data
  const taking = (domains ?? []).filter((d) => d.kind !== 'alias')
  const [v, setV] = useState<Values>({ name: '', local: '', domain: inDomain ?? '', password: '', quota: '', adminGroup: '', store: '', target: '', members: [], everybody: 'author' })
  const [ownLocal, setOwnLocal] = useState(false)
  const domain = v.domain || (taking[0]?.name ?? '')
  const organisation = taking.find((d) => d.name === domain)?.organisation
  const stores = useQuery({ ...storesQuery, enabled: useMayEverywhere('storage.read') }).data ?? []
  const values = { ...v, domain }
  const set = (part: Partial<Values>) => setV((before) => ({ ...before, ...part }))
  const wanted = order(kind, values)
  const address = `${v.local}@${domain}`
  const hasMailbox = kind !== 'group' && kind !== 'contact'

  const submit = async () => {
    await change(() => api.post(wanted.path, wanted.body), [[wanted.path.slice(1)], ['domains'], ['organisations']], say('done', { name: v.name }))
    if (kind === 'group') void navigate({ to: '/recipients/groups/$address', params: { address } })
    else if (kind === 'contact') void navigate({ to: '/recipients/contacts/$address', params: { address } })
    else void navigate({ to: '/recipients/$address', params: { address } })
    return 'left'
  }
  return (
    <FormDialog
      title={`${say('title')}: ${wordOf(words, 'kind', kind)}`}
      action={say('add')}
      command={wanted.line}
      onClose={onClose}
      onSubmit={submit}
      disabled={parseBytes(v.quota) === null || !domain}
      back={
        <Button variant="subtle" color="gray" onClick={onBack}>
          {say('back')}
        </Button>
      }
    >
      {domains && taking.length === 0 && <EmptyState title={say('noDomain')} action={<Anchor href="/admin/domains?dialog=add">{words('domain')}</Anchor>} />}
      <TextInput label={say('name')} description={say(kind === 'public-folder' ? 'nameHelp.public' : 'nameHelp')} required data-autofocus value={v.name} onChange={(e) => set({ name: e.currentTarget.value, ...(!ownLocal && { local: localPartOf(e.currentTarget.value) }) })} />
      <div className={classes.address}>
        <TextInput
          label={say('local')}
          required
          maxLength={64}
          spellCheck={false}
          value={v.local}
          onChange={(e) => {
            setOwnLocal(true)
            set({ local: e.currentTarget.value.trim() })
          }}
        />
        <Select label={say('domain')} searchable allowDeselect={false} data={taking.map((d) => d.name)} value={domain || null} onChange={(name) => set({ domain: name ?? '' })} />
      </div>
      {kind === 'user' && <PasswordField value={v.password} onChange={(password) => set({ password })} />}
      {kind === 'contact' && <TextInput label={say('target')} required type="email" value={v.target} onChange={(e) => set({ target: e.currentTarget.value.trim() })} />}
      {kind === 'group' && <TagsInput label={say('members')} description={say('membersHelp')} value={v.members} onChange={(members) => set({ members })} splitChars={[',', ' ', ';']} acceptValueOnBlur />}
      {kind === 'public-folder' && (
        <Select
          label={say('everybody')}
          description={v.everybody === 'none' ? say('everybodyNone') : roles(`does.public.${v.everybody}`)}
          allowDeselect={false}
          data={[...PUBLIC_ROLES.map((r) => ({ value: r, label: roles(`role.${r}`) })), { value: 'none', label: roles('role.none') }]}
          value={v.everybody}
          onChange={(role) => set({ everybody: PUBLIC_ROLES.find((r) => r === role) ?? 'none' })}
        />
      )}
      {hasMailbox && <QuotaField value={v.quota} onChange={(quota) => set({ quota })} />}
      <AdminGroupField organisation={organisation} value={v.adminGroup} onChange={(adminGroup) => set({ adminGroup })} clearable />
      {hasMailbox && stores.length > 1 && (
        <Select label={say('store')} description={say('storeHelp')} clearable data={stores.map((s) => ({ value: `${s.storage_group}/${s.name}`, label: `${s.storage_group} / ${s.name}` }))} value={v.store || null} onChange={(name) => set({ store: name ?? '' })} />
      )}
    </FormDialog>
  )
}

/** The wizard for all kinds of recipients: which kind, then what it needs. */
export function AddRecipient({ kind, organisation, domain, onKind, onClose }: { kind: string | undefined; organisation?: string | undefined; domain?: string | undefined; onKind: (kind: Kind | undefined) => void; onClose: () => void }) {
  const chosen = kinds.find((k) => k === kind)
  if (!chosen) return <Choose onChoose={onKind} onClose={onClose} />
  return <Form key={chosen} kind={chosen} inOrganisation={organisation} inDomain={domain} onBack={() => onKind(undefined)} onClose={onClose} />
}
