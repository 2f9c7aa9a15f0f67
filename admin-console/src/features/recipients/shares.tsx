// Who may open a mailbox, and what he may do in which of its folders.
import { Answered, Confirm, Foreign, Panel } from '@chappe/kit'
import { IconPencil, IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Autocomplete, Button, Select, Text, TextInput } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { foldersQuery, type UserDetails } from './data'
import classes from './mailbox.module.css'
import { isRole, PUBLIC_ROLES, rolesOf, type Role } from './roles'
import { useTexts } from './texts'
import { useShareTexts } from './texts-shares'

const share = z.object({ person: z.string(), name: z.string(), group: z.boolean(), folder: z.string(), rights: z.string(), role: z.nullish(z.string()), denied: z.boolean() })
type Share = z.infer<typeof share>
const keyOf = (address: string) => ['shares', address]
const sharesQuery = (address: string) =>
  queryOptions({
    queryKey: keyOf(address),
    queryFn: async ({ signal }) => z.object({ shares: z.array(share) }).parse(await api.get(path`/mailboxes/${address}/shares`, undefined, signal)).shares,
  })

/** Of each person what he may, the same in several folders together. */
function byPerson(shares: Share[]): { person: string; name: string; isGroup: boolean; kinds: { key: string; first: Share; folders: string[] }[] }[] {
  const people = new Map<string, Share[]>()
  for (const s of shares) people.set(s.person, [...(people.get(s.person) ?? []), s])
  return [...people].map(([person, own]) => {
    const kinds = new Map<string, Share[]>()
    for (const s of own) kinds.set(`${s.denied} ${s.rights}`, [...(kinds.get(`${s.denied} ${s.rights}`) ?? []), s])
    return {
      person,
      name: own[0]?.name ?? '',
      isGroup: own[0]?.group ?? false,
      kinds: [...kinds].flatMap(([key, same]) => (same[0] ? [{ key, first: same[0], folders: same.map((s) => s.folder) }] : [])),
    }
  })
}

interface Draft {
  person: string
  role: Role
  isKnown: boolean
}

function ShareDialog({ address, kind, of, onClose }: { address: string; kind: string; of: Draft; onClose: () => void }) {
  const say = useShareTexts()
  const words = useTexts()
  const change = useChange()
  const seesFolders = useMay('mailbox.read')
  const folders = useQuery({ ...foldersQuery(address), enabled: seesFolders }).data ?? []
  const [person, setPerson] = useState(of.person)
  const [role, setRole] = useState<Role>(of.role)
  const [folder, setFolder] = useState('')
  const body = { person, rights: role, ...(folder && { folder }) }
  const title = of.isKnown ? say('change', { person: person === 'anyone' ? say('anyone') : person }) : say('add')
  const does = kind === 'public-folder' ? PUBLIC_ROLES.find((r) => r === role) : undefined
  return (
    <FormDialog
      title={title}
      action={say(of.isKnown ? 'save' : 'add')}
      command={commandLine(['mailbox', 'share', address, person], { rights: role, folder: folder || undefined })}
      onClose={onClose}
      onSubmit={() => change(() => api.post(path`/mailboxes/${address}/shares`, body), [keyOf(address)], say('added', { person }))}
    >
      {!of.isKnown && <TextInput label={words('address')} description={say('personHelp')} type="email" required data-autofocus value={person} onChange={(e) => setPerson(e.currentTarget.value.trim())} />}
      <Select
        label={say('role')}
        description={does ? say(`does.public.${does}`) : say(`does.${role === 'reviewer' ? 'reader' : role}`)}
        allowDeselect={false}
        data={rolesOf(kind).map((r) => ({ value: r, label: say(`role.${r}`) }))}
        value={role}
        onChange={(r) => isRole(r) && setRole(r)}
      />
      <Autocomplete label={say('folder')} description={say('folderHelp')} data={folders.map((f) => f.name)} value={folder} onChange={setFolder} />
    </FormDialog>
  )
}

export function SharesTab({ user }: { user: UserDetails }) {
  const say = useShareTexts()
  const change = useChange()
  const mayRecipients = useMay('recipient.write')
  const mayMailbox = useMay('mailbox.write')
  const mayWrite = mayRecipients && (user.kind !== 'user' || mayMailbox)
  const found = useQuery(sharesQuery(user.address))
  const [draft, setDraft] = useState<Draft | null>(null)
  const [removes, setRemoves] = useState<string | null>(null)
  const remove = (person: string) => change(() => api.delete(path`/mailboxes/${user.address}/shares/${person}`), [keyOf(user.address)], say('removed', { person }))
  const nameOf = (person: string, name: string) => (person === 'anyone' || person === 'authenticated' ? say(person) : name || person)
  const rightsOf = (s: Share) => {
    const rights = isRole(s.role) ? say(`role.${s.role}`) : s.rights
    return s.denied ? say('denied', { rights }) : rights
  }
  return (
    <Panel
      title={say('title')}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setDraft({ person: '', role: user.kind === 'public-folder' ? 'author' : 'editor', isKnown: false })}>
            {say('add')}
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed">
        {say(user.kind === 'public-folder' ? 'lead.public' : 'lead')}
      </Text>
      <Answered of={found}>
        {(shares) =>
          shares.length === 0 ? (
            <p className={classes.none}>{say(user.kind === 'user' ? 'none' : 'none.shared')}</p>
          ) : (
            <ul className={classes.list}>
              {byPerson(shares).map((p) => (
                <li key={p.person}>
                  <div>
                    <Foreign>{nameOf(p.person, p.name)}</Foreign> {p.isGroup && <small>({say('group')}) </small>}
                    {p.person.includes('@') && (
                      <small>
                        <Foreign>{p.person}</Foreign>
                      </small>
                    )}
                    {p.kinds.map((k) => (
                      <div key={k.key}>
                        <small>
                          <strong>{rightsOf(k.first)}</strong> · {k.folders.includes('') ? say('whole') : <Foreign>{k.folders.join(', ')}</Foreign>}
                        </small>
                      </div>
                    ))}
                  </div>
                  {mayWrite && (p.person.includes('@') || (p.person === 'anyone' && user.kind === 'public-folder')) && (
                    <>
                      <ActionIcon variant="subtle" aria-label={say('change', { person: nameOf(p.person, p.person) })} onClick={() => setDraft({ person: p.person, role: isRole(p.kinds[0]?.first.role) ? p.kinds[0].first.role : 'editor', isKnown: true })}>
                        <IconPencil size={17} />
                      </ActionIcon>
                      <ActionIcon variant="subtle" color="red" aria-label={say('removeOne', { person: nameOf(p.person, p.person) })} onClick={() => setRemoves(p.person)}>
                        <IconX size={17} />
                      </ActionIcon>
                    </>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {removes !== null && (
        <Confirm title={say('removeOne', { person: nameOf(removes, removes) })} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => remove(removes)}>
          <Command line={commandLine(['mailbox', 'unshare', user.address, removes])} />
        </Confirm>
      )}
      {draft && <ShareDialog address={user.address} kind={user.kind} of={draft} onClose={() => setDraft(null)} />}
    </Panel>
  )
}
