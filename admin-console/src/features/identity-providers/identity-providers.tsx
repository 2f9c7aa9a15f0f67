import { Foreign, Status, type Column } from '@chappe/kit'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { NamedList } from '../../app/named-list'
import { providersQuery, type Provider } from './data'
import { Edit } from './edit'
import { One, useUses } from './one'
import { identityProvidersRoute } from './routes'
import { useTexts } from './texts'

/** By whom an organisation's people may log in beside their passwords. */
export function IdentityProviders() {
  const say = useTexts()
  const uses = useUses()
  const search = identityProvidersRoute.useSearch()
  const navigate = useNavigate({ from: '/identity-providers' })
  const columns = useMemo<Column<Provider>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1.2, value: (p) => p.name, cell: (p) => <Foreign title={p.name}>{p.name}</Foreign> },
      { id: 'issuer', title: say('issuer'), width: 2, yields: 's', value: (p) => p.issuer, cell: (p) => <Foreign title={p.issuer}>{p.issuer}</Foreign> },
      { id: 'domain', title: say('domain'), width: 1, yields: 'm', value: (p) => p.domain, cell: (p) => (p.domain ? <Foreign>{p.domain}</Foreign> : say('wholeOrganisation')) },
      { id: 'uses', title: say('usedFor'), width: 1.6, yields: 'm', value: uses, cell: uses },
      { id: 'state', title: say('state'), width: 0.9, value: (p) => say(p.enabled ? 'on' : 'off'), cell: (p) => <Status health={p.enabled ? 'good' : 'none'}>{say(p.enabled ? 'on' : 'off')}</Status> },
    ],
    [say, uses],
  )
  return (
    <NamedList
      title={say('providers')}
      lead={say('lead')}
      add={say('add')}
      none={{ title: say('none'), lead: say('noneLead') }}
      noun="identity-provider"
      reads="policy.read"
      writes="delegation.write"
      columns={columns}
      query={providersQuery}
      search={search}
      onSearch={(to) => void navigate({ search: to, replace: true })}
      one={(_, organisation, { row, onEdit, onClose }) => row && <One of={row} organisation={organisation} onEdit={onEdit} onClose={onClose} />}
      edit={(of, organisation, onClose) => <Edit key={of?.name ?? ''} of={of} organisation={organisation} onClose={onClose} />}
    />
  )
}
