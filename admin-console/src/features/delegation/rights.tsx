import { EmptyState, ErrorPanel, Foreign, Page, Panel, wordOf } from '@chappe/kit'
import { IconCheck } from '@chappe/kit/icons'
import { Table, TextInput } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMay } from '../../app/session'
import { Command, commandLine } from '../../app/command'
import { domainsQuery } from '../domains/data'
import { rightsQuery } from '../recipients/data'
import { rolesQuery } from './data'
import classes from './rights.module.css'
import { PersonField } from './person'
import { useRoleTexts } from './roles'
import { rightsRoute } from './routes'
import { useTexts } from './texts'

const DOMAINS = 4

/** One person's rights on the installation and on some objects, each with the grant that gives it. */
function Matrix({ who, on }: { who: string; on: string | undefined }) {
  const say = useTexts()
  const words = useRoleTexts()
  const domains = useQuery({ ...domainsQuery(), enabled: useMay('domain.read') }).data ?? []
  const objects = on ? ['', on] : ['', ...domains.slice(0, DOMAINS).map((d) => d.name)]
  const answers = useQueries({ queries: objects.map((o) => rightsQuery(who, o)) })
  const permissions = useQuery(rolesQuery).data?.find((r) => r.name === 'full-administrator')?.permissions ?? []
  const error = answers.find((a) => a.error)?.error
  if (error) return <ErrorPanel error={error} />
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('rights')}>
      <Table withRowBorders highlightOnHover miw={160 + objects.length * 150}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{say('permission')}</Table.Th>
            {objects.map((o) => (
              <Table.Th key={o}>{o === '' ? say('installation') : <Foreign>{o}</Foreign>}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {permissions.map((p) => (
            <Table.Tr key={p}>
              <Table.Th scope="row" fw={400}>
                {wordOf(words, 'permission', p)}
              </Table.Th>
              {answers.map((a, i) => {
                const reason = a.data?.find((r) => r.permission === p)
                return (
                  <Table.Td key={objects[i]} data-may={reason !== undefined} className={classes.cell}>
                    {reason ? (
                      <>
                        <IconCheck size={16} aria-label={say('yes', { role: wordOf(words, 'role', reason.role), scope: wordOf(words, 'scope', reason.scope), object: reason.object ?? '' })} />
                        <small>
                          {wordOf(words, 'role', reason.role)}
                          <br />
                          {wordOf(words, 'scope', reason.scope)} <Foreign>{reason.object}</Foreign>
                        </small>
                      </>
                    ) : (
                      <span aria-label={say('no')} role="img">
                        –
                      </span>
                    )}
                  </Table.Td>
                )
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

export function Rights() {
  const say = useTexts()
  const search = rightsRoute.useSearch()
  const navigate = useNavigate({ from: '/delegation/rights' })
  return (
    <Page title={say('rights')} trail={<Link to="/delegation">{say('title')}</Link>}>
      <Panel>
        <div className={classes.form}>
          <PersonField label={say('who')} value={search.who ?? ''} onChange={(who) => void navigate({ search: { ...search, who } })} />
          <TextInput label={say('on')} description={say('onHelp')} defaultValue={search.on ?? ''} onBlur={(e) => void navigate({ search: { ...search, on: e.currentTarget.value.trim() || undefined } })} onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()} />
        </div>
        {search.who ? <Matrix who={search.who} on={search.on} /> : <EmptyState title={say('choose')} />}
        {search.who && <Command line={commandLine(['rights', 'show', search.who], { on: search.on })} />}
      </Panel>
    </Page>
  )
}
