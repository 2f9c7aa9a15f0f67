import { Answered, Confirm, Foreign, onDemand, Page, Status, wordOf } from '@chappe/kit'
import { IconChevronDown, IconKey } from '@chappe/kit/icons'
import { Badge, Button, Menu, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { may, mayEverywhere, useSession, type Permission } from '../../app/session'
import { useTabInSight } from '../../app/tab-in-sight'
import { useTexts as useTrialTexts } from '../trial/texts'
import { TrialDialog } from '../trial/trial'
import { userQuery, type UserDetails } from './data'
import { EditUser, SetPassword } from './mailbox-dialogs'
import { Overview } from './mailbox-overview'
import { isOwned, useReason } from './owned'
import { mailboxRoute } from './routes'
import { stateHealth } from './states'
import { useTexts } from './texts'
import { useOneTexts } from './texts-one'

const AddressesTab = onDemand(() => import('./mailbox-addresses').then((m) => ({ default: m.AddressesTab })))
const FoldersTab = onDemand(() => import('./mailbox-folders').then((m) => ({ default: m.FoldersTab })))
const PersonForm = onDemand(() => import('./person').then((m) => ({ default: m.PersonForm })))
const LimitsTab = onDemand(() => import('./mailbox-limits').then((m) => ({ default: m.LimitsTab })))
const ProtocolsTab = onDemand(() => import('./mailbox-protocols').then((m) => ({ default: m.ProtocolsTab })))
const SendersTab = onDemand(() => import('./senders').then((m) => ({ default: m.SendersTab })))
const SharesTab = onDemand(() => import('./shares').then((m) => ({ default: m.SharesTab })))
const GroupsTab = onDemand(() => import('./mailbox-groups').then((m) => ({ default: m.GroupsTab })))
const SecurityTab = onDemand(() => import('./mailbox-security').then((m) => ({ default: m.SecurityTab })))
const TraceTab = onDemand(() => import('./mailbox-history').then((m) => ({ default: m.TraceTab })))
const AuditTab = onDemand(() => import('./mailbox-history').then((m) => ({ default: m.AuditTab })))

const tabs: { id: 'overview' | 'person' | 'addresses' | 'mailbox' | 'limits' | 'protocols' | 'shares' | 'senders' | 'groups' | 'security' | 'trace' | 'audit'; needs?: Permission; show: (u: UserDetails) => React.ReactNode }[] = [
  { id: 'overview', show: (u) => <Overview user={u} /> },
  { id: 'person', show: (u) => <PersonForm key={JSON.stringify(u)} of={u} kind="user" where={path`/users/${u.address}`} /> },
  { id: 'addresses', show: (u) => <AddressesTab user={u} /> },
  { id: 'mailbox', needs: 'mailbox.read', show: (u) => <FoldersTab user={u} /> },
  { id: 'limits', show: (u) => <LimitsTab user={u} /> },
  { id: 'protocols', show: (u) => <ProtocolsTab user={u} /> },
  { id: 'shares', show: (u) => <SharesTab user={u} /> },
  { id: 'senders', show: (u) => <SendersTab address={u.address} /> },
  { id: 'groups', show: (u) => <GroupsTab user={u} /> },
  { id: 'security', needs: 'session.write', show: (u) => <SecurityTab user={u} /> },
  { id: 'trace', needs: 'queue.read', show: (u) => <TraceTab address={u.address} /> },
  { id: 'audit', needs: 'audit.read', show: (u) => <AuditTab object={u.address} organisation={u.organisation} /> },
]

function Dialogs({ user, dialog, onClose }: { user: UserDetails; dialog: string; onClose: () => void }) {
  const say = useOneTexts()
  const change = useChange()
  const navigate = useNavigate()
  const name = <Foreign>{user.name}</Foreign>
  if (dialog === 'password') return <SetPassword address={user.address} onClose={onClose} />
  if (dialog === 'edit') return <EditUser user={user} onClose={onClose} />
  if (dialog === 'disable')
    return (
      <Confirm
        title={say('disable')}
        action={say('disable')}
        onDone={onClose}
        onAct={() => change(() => api.patch(path`/users/${user.address}`, { state: 'disabled' }), [['users']], say('disabled', { name: user.name }))}
      >
        <p>{name}</p>
        <p>{say('disable.lead')}</p>
        <Command line={commandLine(['user', 'set', user.address], { state: 'disabled' })} />
      </Confirm>
    )
  if (dialog === 'remove')
    return (
      <Confirm
        title={say('remove')}
        action={say('remove')}
        word={user.address}
        onDone={onClose}
        onAct={async () => {
          await change(() => api.delete(path`/users/${user.address}`), [['users', 'list'], ['domains']], say('removed', { name: user.name }))
          await navigate({ to: '/recipients' })
          return 'left'
        }}
      >
        <p>{name}</p>
        <p>{say('remove.mailbox')}</p>
        <Command line={commandLine(['user', 'remove', user.address])} />
      </Confirm>
    )
  return null
}

/** Everything about one mailbox: 360 degrees. */
export function MailboxPage() {
  const say = useOneTexts()
  const words = useTexts()
  const tries = useTrialTexts()
  const session = useSession()
  const reason = useReason()
  const change = useChange()
  const { address } = mailboxRoute.useParams()
  const search = mailboxRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients/$address' })
  const user = useQuery(userQuery(address))
  const dialog = (name: string | undefined) => void navigate({ search: { ...search, dialog: name }, replace: name === undefined })
  const u = user.data
  // Nobody writes in the name of a public folder, or logs in to it.
  const fits = (id: string) => u?.kind !== 'public-folder' || (id !== 'senders' && id !== 'protocols' && id !== 'security')
  const seen = tabs.filter((t) => fits(t.id)).filter((t) => !t.needs || (t.id === 'trace' ? mayEverywhere(session, t.needs) || may(session, t.needs) : may(session, t.needs)))
  const tab = seen.find((t) => t.id === search.tab) ?? seen[0]
  const enable = (u: UserDetails) => change(() => api.patch(path`/users/${u.address}`, { state: 'active' }), [['users']], say('enabled', { name: u.name }))
  const tabList = useTabInSight(tab?.id ?? '', u !== undefined)
  return (
    <Page
      title={<Foreign>{u?.name ?? address}</Foreign>}
      trail={
        <>
          <Link to="/recipients">{words('mailboxes')}</Link>
          {u?.organisation && (
            <>
              <span aria-hidden>›</span>
              <Link to="/recipients" search={{ organisation: u.organisation }}>
                <Foreign>{u.organisation}</Foreign>
              </Link>
            </>
          )}
        </>
      }
      lead={
        <>
          <Foreign>{address}</Foreign>
          {u && (
            <>
              {' · '}
              <Badge>{wordOf(words, 'kind', u.kind)}</Badge> <Status health={stateHealth[u.state] ?? 'none'}>{wordOf(words, 'state', u.state)}</Status>
            </>
          )}
        </>
      }
      actions={
        u && (
          <>
            {may(session, 'password.write') && u.kind === 'user' && (
              <Button variant="default" leftSection={<IconKey size={17} />} disabled={isOwned(u, 'password')} title={reason(u, 'password')} onClick={() => dialog('password')}>
                {say('setPassword')}
              </Button>
            )}
            {may(session, 'recipient.write') && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button rightSection={<IconChevronDown size={16} />}>{say('edit')}</Button>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item onClick={() => dialog('edit')}>{say('edit')}</Menu.Item>
                  <Menu.Item onClick={() => dialog('test')}>{tries('account')}</Menu.Item>
                  {u.state === 'disabled' ? (
                    <Menu.Item disabled={isOwned(u, 'state')} onClick={() => void enable(u)}>
                      {say('enable')}
                    </Menu.Item>
                  ) : (
                    <Menu.Item disabled={isOwned(u, 'state')} onClick={() => dialog('disable')}>
                      {say('disable')}
                    </Menu.Item>
                  )}
                  <Menu.Divider />
                  <Menu.Item color="red" disabled={isOwned(u, 'name')} onClick={() => dialog('remove')}>
                    {say('remove')}
                  </Menu.Item>
                  {u.source && <Menu.Label maw={260}>{say('goneThere', { source: u.source })}</Menu.Label>}
                </Menu.Dropdown>
              </Menu>
            )}
          </>
        )
      }
    >
      <Answered of={user}>
        {(u) => (
          <>
            <Tabs value={tab?.id ?? null} onChange={(id) => void navigate({ search: { tab: id ?? undefined } })} keepMounted={false}>
              <Tabs.List ref={tabList}>
                {seen.map((t) => (
                  <Tabs.Tab key={t.id} value={t.id}>
                    {say(`tab.${t.id}`)}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {tab && (
                <Tabs.Panel value={tab.id} pt="md">
                  {tab.show(u)}
                </Tabs.Panel>
              )}
            </Tabs>
            {search.dialog === 'test' && <TrialDialog title={`${tries('account')}: ${u.address}`} path={path`/users/${u.address}/test`} asks="password" command={(given) => commandLine(['user', 'test', u.address], { 'password-file': given ? '-' : undefined })} onClose={() => dialog(undefined)} />}
            {search.dialog && <Dialogs user={u} dialog={search.dialog} onClose={() => dialog(undefined)} />}
          </>
        )}
      </Answered>
    </Page>
  )
}
