import { Answered, EmptyState, ErrorPanel, Foreign, Page, Panel, useKitTexts, type Column } from '@chappe/kit'
import { IconSearch } from '@chappe/kit/icons'
import { Button, Drawer, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { ListTable } from '../../app/list-table'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay, useSession } from '../../app/session'
import { domainsQuery } from '../domains/data'
import list from '../recipients/list.module.css'
import rows from '../recipients/mailbox.module.css'
import { closedOf, levelQuery, usersQuery, type User } from './data'
import { Closed, ProtocolForm } from './form'
import { protocolsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (u: User) => u.address

function OfOrganisation({ name }: { name: string }) {
  const say = useTexts()
  const session = useSession()
  const mayWrite = useMay('organisation.write')
  const organisation = useQuery(levelQuery('organisations', name))
  return (
    <Panel title={say('ofOrganisation')}>
      <Answered of={organisation}>
        {(o) => (
          <ProtocolForm
            key={o.protocols.join()}
            allowed={o.protocols}
            mayWrite={mayWrite}
            isOwn={session.organisation === name}
            command={['org', 'set', name]}
            keys={[['organisations']]}
            save={(protocols) => api.patch(path`/organisations/${name}`, { protocols })}
          />
        )}
      </Answered>
    </Panel>
  )
}

/** One domain of the organisation, beside the page. */
function OfDomain({ name, organisation, onClose }: { name: string; organisation: string; onClose: () => void }) {
  const kit = useKitTexts()
  const session = useSession()
  const mayWrite = useMay('domain.write')
  const seesAbove = useMay('organisation.read')
  const domain = useQuery(levelQuery('domains', name))
  const above = useQuery({ ...levelQuery('organisations', organisation), enabled: seesAbove }).data
  return (
    <Drawer opened position="right" size="md" title={<Foreign>{name}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
      <Answered of={domain}>
        {(d) => (
          <ProtocolForm
            key={d.protocols.join()}
            allowed={d.protocols}
            above={above ? [above] : []}
            mayWrite={mayWrite}
            isOwn={session.login.endsWith(`@${name}`)}
            command={['domain', 'set', name]}
            keys={[['domain', name], ['domains']]}
            save={(protocols) => api.patch(path`/domains/${name}`, { protocols })}
          />
        )}
      </Answered>
    </Drawer>
  )
}

function Domains({ organisation, onOpen }: { organisation: string; onOpen: (domain: string) => void }) {
  const say = useTexts()
  const domains = useQuery(domainsQuery(organisation))
  return (
    <Panel title={say('domains')}>
      <Answered of={domains}>
        {(all) =>
          all.length === 0 ? (
            <p className={rows.none}>{say('noDomains')}</p>
          ) : (
            <ul className={rows.list}>
              {all.map((d) => (
                <li key={d.name}>
                  <Foreign>{d.name}</Foreign>
                  <small>
                    {say('closedHere')} <Closed of={closedOf(d.protocols)} />
                  </small>
                  <Button size="compact-sm" variant="default" aria-label={say('changeOf', { name: d.name })} onClick={() => onOpen(d.name)}>
                    {say('change')}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}

function Users({ organisation, text, all }: { organisation: string | undefined; text: string | undefined; all: boolean }) {
  const say = useTexts()
  const navigate = useNavigate()
  const pages = useInfiniteQuery(usersQuery({ organisation, text, restricted: all ? undefined : true }))
  const found = useMemo(() => pages.data?.pages.flatMap((p) => p.users) ?? [], [pages.data])
  const columns = useMemo<Column<User>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1.4, yields: 's', value: (u) => u.name, cell: (u) => <Foreign title={u.name}>{u.name}</Foreign> },
      { id: 'address', title: say('address'), width: 1.6, value: (u) => u.address, cell: (u) => <Foreign title={u.address}>{u.address}</Foreign> },
      { id: 'closed', title: say('closed'), width: 1.6, value: (u) => closedOf(u.protocols).length, cell: (u) => <Closed of={closedOf(u.protocols)} /> },
    ],
    [say],
  )
  return (
    <>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable
        label={say('users')}
        columns={columns}
        rows={found}
        rowKey={keyOf}
        maxHeight={440}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        onOpen={(u) => void navigate({ to: '/recipients/$address', params: { address: u.address }, search: { tab: 'protocols' } })}
        empty={text || all ? <EmptyState title={say('noUsers')} /> : <EmptyState title={say('noRestricted')}>{say('noRestrictedLead')}</EmptyState>}
      />
    </>
  )
}

/** Who may log in by what: the organisation, its domains, and the accounts with limits of their own. */
export function Protocols() {
  const say = useTexts()
  const search = protocolsRoute.useSearch()
  const navigate = useNavigate({ from: '/protocols' })
  const of = useOrganisation(search.organisation, 'recipient.read')
  const seesOrganisation = useMay('organisation.read')
  const seesDomains = useMay('domain.read')
  const [text, setText] = useState(search.text ?? '')
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const find = useDebouncedCallback((wanted: string) => set({ text: wanted || undefined }), 200)
  return (
    <Page title={say('protocols')} lead={say('lead')}>
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, domain: undefined })} />
      </div>
      <div className={rows.two}>
        {of.organisation && seesOrganisation && <OfOrganisation key={of.organisation} name={of.organisation} />}
        {of.organisation && seesDomains && <Domains organisation={of.organisation} onOpen={(domain) => set({ domain })} />}
      </div>
      <Panel title={say('users')}>
        <div className={list.filters}>
          <TextInput
            className={list.find}
            leftSection={<IconSearch size={16} />}
            aria-label={say('find')}
            placeholder={say('find')}
            value={text}
            onChange={(e) => {
              setText(e.currentTarget.value)
              find(e.currentTarget.value)
            }}
          />
        </div>
        <Switch my="sm" label={say('onlyRestricted')} checked={!search.all} onChange={(e) => set({ all: e.currentTarget.checked ? undefined : '1' })} />
        <Users organisation={of.organisation} text={search.text} all={search.all !== undefined} />
      </Panel>
      {of.organisation && search.domain && <OfDomain key={search.domain} name={search.domain} organisation={of.organisation} onClose={() => set({ domain: undefined })} />}
    </Page>
  )
}
