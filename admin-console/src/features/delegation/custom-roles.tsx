import { Confirm, EmptyState, ErrorPanel, Foreign, Page, useKitTexts, wordOf, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Checkbox, Drawer, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay } from '../../app/session'
import list from '../recipients/list.module.css'
import { customRolesQuery, rolesQuery, type Role } from './data'
import classes from './rights.module.css'
import { useRoleTexts } from './roles'
import { customRolesRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (r: Role) => String(r.id ?? r.name)

function Permissions({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  const say = useTexts()
  const words = useRoleTexts()
  const all = useQuery(rolesQuery).data?.find((r) => r.name === 'full-administrator')?.permissions ?? []
  return (
    <Checkbox.Group label={say('permissions')} value={value} onChange={onChange}>
      <div className={classes.choices}>
        {all.map((p) => (
          <Checkbox key={p} size="sm" value={p} label={wordOf(words, 'permission', p)} />
        ))}
      </div>
    </Checkbox.Group>
  )
}

function Edit({ of, organisation, onClose }: { of: Role | undefined; organisation: string; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState(of?.name ?? '')
  const [meaning, setMeaning] = useState(of?.meaning ?? '')
  const [permissions, setPermissions] = useState(of?.permissions ?? [])
  const isOther = [...permissions].sort().join() !== [...(of?.permissions ?? [])].sort().join()
  const body = of ? { ...(isOther && { permissions }), ...(meaning !== of.meaning && { meaning }) } : { name, organisation, permissions, ...(meaning && { meaning }) }
  const command = of ? commandLine(['role', 'set', String(of.id)], { permissions: isOther ? permissions : undefined, meaning: meaning !== of.meaning ? meaning : undefined }) : commandLine(['role', 'add', name], { org: organisation, permissions, meaning: meaning || undefined })
  return (
    <FormDialog
      title={say(of ? 'changeRole' : 'addRole')}
      action={say(of ? 'changeRole' : 'addRole')}
      disabled={permissions.length === 0 || Object.keys(body).length === 0}
      command={command}
      onClose={onClose}
      onSubmit={() => change(() => (of ? api.patch(path`/roles/${of.id ?? 0}`, body) : api.post('/roles', body)), [['roles'], ['session']], say('roleSaved'))}
    >
      {!of && <TextInput label={say('name')} description={say('roleNameHelp')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />}
      <TextInput label={say('meaning')} value={meaning} onChange={(e) => setMeaning(e.currentTarget.value)} />
      <Permissions value={permissions} onChange={setPermissions} />
    </FormDialog>
  )
}

/** One role with all that it may. The program's own cannot be changed. */
function One({ of, organisation, onClose }: { of: Role; organisation: string; onClose: () => void }) {
  const say = useTexts()
  const words = useRoleTexts()
  const kit = useKitTexts()
  const change = useChange()
  const mayWrite = useMay('delegation.write') && of.id !== undefined && of.id !== null
  const [asks, setAsks] = useState<'edit' | 'remove' | null>(null)
  return (
    <>
      <Drawer opened position="right" size="md" title={<Foreign>{wordOf(words, 'role', of.name)}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
        <Stack>
          <Foreign>{wordOf(words, 'meaning', of.name) === of.name ? of.meaning : wordOf(words, 'meaning', of.name)}</Foreign>
          {mayWrite && (
            <Group>
              <Button onClick={() => setAsks('edit')}>{say('changeRole')}</Button>
              <Button color="red" variant="outline" onClick={() => setAsks('remove')}>
                {say('removeRole')}
              </Button>
            </Group>
          )}
          <Text fw={600} size="sm">
            {say('permissions')}
          </Text>
          <ul>
            {of.permissions.map((p) => (
              <li key={p}>{wordOf(words, 'permission', p)}</li>
            ))}
          </ul>
          <Command line={commandLine(['role', 'list'], { org: organisation })} />
        </Stack>
      </Drawer>
      {asks === 'edit' && <Edit of={of} organisation={organisation} onClose={() => { setAsks(null); onClose() }} />}
      {asks === 'remove' && (
        <Confirm
          title={`${say('removeRole')}: ${of.name}`}
          action={say('removeRole')}
          onDone={() => setAsks(null)}
          onAct={async () => {
            await change(() => api.delete(path`/roles/${of.id ?? 0}`), [['roles']], say('roleRemoved'))
            onClose()
            return 'left'
          }}
        >
          <p>{say('removeRoleLead')}</p>
          <Command line={commandLine(['role', 'remove', String(of.id)])} />
        </Confirm>
      )}
    </>
  )
}

/** The program's roles, and an organisation's own. */
export function CustomRoles() {
  const say = useTexts()
  const words = useRoleTexts()
  const search = customRolesRoute.useSearch()
  const navigate = useNavigate({ from: '/delegation/roles' })
  const mayWrite = useMay('delegation.write')
  const of = useOrganisation(search.organisation, 'delegation.read')
  const all = useQuery(customRolesQuery(of.organisation))
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const columns = useMemo<Column<Role>[]>(
    () => [
      { id: 'name', title: say('role'), width: 1.4, value: (r) => wordOf(words, 'role', r.name), cell: (r) => <Foreign title={r.name}>{wordOf(words, 'role', r.name)}</Foreign> },
      { id: 'meaning', title: say('meaning'), width: 2.4, yields: 's', value: (r) => wordOf(words, 'meaning', r.name) === `meaning.${r.name}` || wordOf(words, 'meaning', r.name) === r.name ? r.meaning : wordOf(words, 'meaning', r.name), cell: (r) => <Foreign>{wordOf(words, 'meaning', r.name) === `meaning.${r.name}` || wordOf(words, 'meaning', r.name) === r.name ? r.meaning : wordOf(words, 'meaning', r.name)}</Foreign> },
      { id: 'kind', title: say('whose'), width: 0.9, value: (r) => say(r.id ? 'own' : 'built'), cell: (r) => say(r.id ? 'own' : 'built') },
      { id: 'count', title: say('permissions'), width: 0.7, align: 'end', yields: 's', value: (r) => r.permissions.length, cell: (r) => r.permissions.length },
    ],
    [say, words],
  )
  const open = all.data?.find((r) => keyOf(r) === search.id)
  return (
    <Page
      fill
      title={say('rolesTitle')}
      trail={<Link to="/delegation">{say('title')}</Link>}
      lead={say('rolesLead')}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add' })}>
            {say('addRole')}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, id: undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable label={say('rolesTitle')} columns={columns} rows={all.data ?? []} rowKey={keyOf} isLoading={all.isLoading} onOpen={(r) => set({ id: keyOf(r) })} empty={<EmptyState title={say('noneFound')} />} />
      <Command line={commandLine(['role', 'list'], { org: of.organisation })} />
      {search.dialog === 'add' && of.organisation && <Edit of={undefined} organisation={of.organisation} onClose={() => set({ dialog: undefined })} />}
      {open && of.organisation && <One of={open} organisation={of.organisation} onClose={() => set({ id: undefined })} />}
    </Page>
  )
}
