import { ErrorPanel, Facts, Foreign, Status, useFormat, type Column } from '@chappe/kit'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { NamedList } from '../../app/named-list'
import { useMay } from '../../app/session'
import { Remove, Side } from '../../app/side'
import { partsOf, putOrder, rulesQuery, type Rule } from './data'
import { rulesRoute } from './routes'
import { EditRule } from './rule-edit'
import { partOf } from './rule-parts'
import { useTexts } from './texts'

/** The parts of a rule in words. */
function useWords() {
  const say = useTexts()
  const format = useFormat()
  return (rule: Rule): [string, string][] =>
    partsOf(rule).map(([name, value]) => {
      const part = partOf(name)
      const shown = part?.is === 'flag' ? say('yes') : part?.is === 'size' ? format.bytes(Number(value)) : part?.is === 'direction' ? say(value === 'in' ? 'direction.in' : 'direction.out') : value
      return [part ? say(`part.${part.name}`) : name, shown]
    })
}

/** Puts a rule elsewhere: seen at once, and taken back where the server refuses. */
function useMove(organisation: string | undefined) {
  const say = useTexts()
  const change = useChange()
  const queries = useQueryClient()
  const [error, setError] = useState<unknown>(null)
  const move = (rows: Rule[], from: number, to: number) => {
    const key = rulesQuery(organisation).queryKey
    const next = rows.filter((_, index) => index !== from)
    next.splice(to, 0, ...rows.slice(from, from + 1))
    queries.setQueryData(key, next)
    setError(null)
    change(() => putOrder(organisation ?? '', next.map((r) => r.name)), [['rules']], say('ordered')).catch((cause: unknown) => {
      queries.setQueryData(key, rows)
      setError(cause)
    })
  }
  return { move, error }
}

interface OneProps {
  of: Rule
  organisation: string
  /** By so many places; absent: it cannot go there. */
  onMove: ((step: -1 | 1) => void) | undefined
  onEdit: () => void
  onClose: () => void
}

function One({ of, organisation, onMove, onEdit, onClose }: OneProps) {
  const say = useTexts()
  const change = useChange()
  const words = useWords()
  const mayWrite = useMay('policy.write')
  const [removes, setRemoves] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const turn = () => change(() => api.patch(path`/rules/${of.name}`, { enabled: !of.enabled }, { organisation }), [['rules']], say('switched')).then(onClose, setError)
  return (
    <>
      <Side title={of.name} size="md" onClose={onClose}>
        <Stack>
          <Facts rows={[[say('position'), String(of.position)], [say('state'), say(of.enabled ? 'ruleOn' : 'ruleOff')], ...words(of).map(([label, value]): [string, React.ReactNode] => [label, <Foreign key={label}>{value}</Foreign>])]} />
          {error !== null && <ErrorPanel error={error} />}
          {mayWrite && (
            <>
              <Group>
                <Button onClick={onEdit}>{say('change')}</Button>
                <Button variant="default" onClick={() => void turn()}>
                  {say(of.enabled ? 'rest' : 'wake')}
                </Button>
                <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
                  {say('ruleRemove')}
                </Button>
              </Group>
              {onMove && (
                <Group>
                  <Button size="compact-sm" variant="default" onClick={() => onMove(-1)}>
                    {say('earlier')}
                  </Button>
                  <Button size="compact-sm" variant="default" onClick={() => onMove(1)}>
                    {say('later')}
                  </Button>
                </Group>
              )}
            </>
          )}
          <Command line={commandLine(['rule', 'set', of.name], { org: organisation, enabled: of.enabled ? 'no' : 'yes' })} />
        </Stack>
      </Side>
      {removes && (
        <Remove
          action={say('ruleRemove')}
          name={of.name}
          lead={say('ruleRemoveLead')}
          command={commandLine(['rule', 'remove', of.name], { org: organisation })}
          done={say('ruleRemoved')}
          keys={[['rules']]}
          act={() => api.delete(path`/rules/${of.name}`, { organisation })}
          onCancel={() => setRemoves(false)}
          onRemoved={onClose}
        />
      )}
    </>
  )
}

/** Transport rules of an organisation, in their order. */
export function Rules() {
  const say = useTexts()
  const search = rulesRoute.useSearch()
  const navigate = useNavigate({ from: '/filters/rules' })
  const mayWrite = useMay('policy.write')
  const words = useWords()
  const columns = useMemo<Column<Rule>[]>(
    () => [
      { id: 'position', title: say('position'), fixed: true, width: 60, align: 'end', yields: 's', value: (r) => r.position, cell: (r) => r.position },
      { id: 'name', title: say('name'), width: 1.4, value: (r) => r.name, cell: (r) => <Foreign title={r.name}>{r.name}</Foreign> },
      { id: 'what', title: say('what'), width: 3, yields: 's', cell: (r) => { const text = words(r).map(([label, value]) => `${label}: ${value}`).join(' · '); return <Foreign title={text}>{text}</Foreign> } },
      { id: 'state', title: say('state'), width: 0.9, value: (r) => say(r.enabled ? 'ruleOn' : 'ruleOff'), cell: (r) => <Status health={r.enabled ? 'good' : 'none'}>{say(r.enabled ? 'ruleOn' : 'ruleOff')}</Status> },
    ],
    [say, words],
  )
  return (
    <NamedList
      title={say('rules')}
      trail={<Link to="/filters">{say('filters')}</Link>}
      lead={say('rulesLead')}
      add={say('ruleAdd')}
      none={{ title: say('rulesNone'), lead: say('rulesNoneLead') }}
      noun="rule"
      reads="policy.read"
      writes="policy.write"
      columns={columns}
      query={rulesQuery}
      search={search}
      onSearch={(to) => void navigate({ search: to, replace: true })}
      useMove={useMove}
      more={(rows, organisation) =>
        mayWrite &&
        rows.length > 1 && (
          <>
            <Text size="sm" c="dimmed">
              {say('orderHelp')}
            </Text>
            <Command line={commandLine(['rule', 'order'], { org: organisation, names: rows.map((r) => r.name) })} />
          </>
        )
      }
      one={(_, organisation, { row, onMove, onEdit, onClose }) => row && <One of={row} organisation={organisation} onMove={onMove} onEdit={onEdit} onClose={onClose} />}
      edit={(of, organisation, onClose) => <EditRule key={of?.name ?? ''} of={of} organisation={organisation} onClose={onClose} />}
    />
  )
}
