import { Confirm, DataTable, EmptyState, ErrorPanel, Facts, Foreign, Page, Status, useFormat, useKitTexts, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Drawer, Group, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay } from '../../app/session'
import list from '../recipients/list.module.css'
import { partsOf, rulesQuery, type Rule } from './data'
import { rulesRoute } from './routes'
import { AddRule } from './rule-add'
import { partOf } from './rule-parts'
import { useTexts } from './texts'

const keyOf = (r: Rule) => r.name

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

function One({ of, organisation, onClose }: { of: Rule; organisation: string; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const change = useChange()
  const words = useWords()
  const mayWrite = useMay('policy.write')
  const [removes, setRemoves] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const turn = () => change(() => api.patch(path`/rules/${of.name}`, { enabled: !of.enabled }, { organisation }), [['rules']], say('switched')).then(onClose, setError)
  return (
    <>
      <Drawer opened position="right" size="md" title={<Foreign>{of.name}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
        <Stack>
          <Facts rows={[[say('position'), String(of.position)], [say('state'), say(of.enabled ? 'ruleOn' : 'ruleOff')], ...words(of).map(([label, value]): [string, React.ReactNode] => [label, <Foreign key={label}>{value}</Foreign>])]} />
          {error !== null && <ErrorPanel error={error} />}
          {mayWrite && (
            <Group>
              <Button variant="default" onClick={() => void turn()}>
                {say(of.enabled ? 'rest' : 'wake')}
              </Button>
              <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
                {say('ruleRemove')}
              </Button>
            </Group>
          )}
          <Command line={`${commandLine(['api', 'PATCH', `/rules/${encodeURIComponent(of.name)}?organisation=${encodeURIComponent(organisation)}`])} '{"enabled":${String(!of.enabled)}}'`} />
        </Stack>
      </Drawer>
      {removes && (
        <Confirm
          title={`${say('ruleRemove')}: ${of.name}`}
          action={say('ruleRemove')}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => api.delete(path`/rules/${of.name}`, { organisation }), [['rules']], say('ruleRemoved'))
            onClose()
            return 'left'
          }}
        >
          <p>{say('ruleRemoveLead')}</p>
          <Command line={commandLine(['rule', 'remove', of.name], { org: organisation })} />
        </Confirm>
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
  const of = useOrganisation(search.organisation, 'policy.read')
  const all = useQuery(rulesQuery(of.organisation))
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const columns = useMemo<Column<Rule>[]>(
    () => [
      { id: 'position', title: say('position'), fixed: true, width: 70, align: 'end', yields: 's', cell: (r) => r.position },
      { id: 'name', title: say('name'), width: 1.4, cell: (r) => <Foreign title={r.name}>{r.name}</Foreign> },
      { id: 'what', title: say('what'), width: 3, yields: 's', cell: (r) => { const text = words(r).map(([label, value]) => `${label}: ${value}`).join(' · '); return <Foreign title={text}>{text}</Foreign> } },
      { id: 'state', title: say('state'), width: 0.9, cell: (r) => <Status health={r.enabled ? 'good' : 'none'}>{say(r.enabled ? 'ruleOn' : 'ruleOff')}</Status> },
    ],
    [say, words],
  )
  const open = all.data?.find((r) => r.name === search.name)
  return (
    <Page
      fill
      title={say('rules')}
      trail={<Link to="/filters">{say('filters')}</Link>}
      lead={say('rulesLead')}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add' })}>
            {say('ruleAdd')}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, name: undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <DataTable label={say('rules')} columns={columns} rows={all.data ?? []} rowKey={keyOf} isLoading={all.isLoading} onOpen={(r) => set({ name: r.name })} empty={<EmptyState title={say('rulesNone')}>{say('rulesNoneLead')}</EmptyState>} />
      <Command line={commandLine(['rule', 'list'], { org: of.organisation ?? '' })} />
      {search.dialog === 'add' && of.organisation && <AddRule organisation={of.organisation} onClose={() => set({ dialog: undefined })} />}
      {open && of.organisation && <One of={open} organisation={of.organisation} onClose={() => set({ name: undefined })} />}
    </Page>
  )
}
