import { ErrorPanel, Page, Panel, wordOf } from '@chappe/kit'
import { Alert, Button, Group, Select, Stack, Stepper, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { organisationsQuery } from '../organisations/data'
import { domainsQuery } from '../domains/data'
import { addDirectory, probe, type Report } from './data'
import classes from './directories.module.css'
import { Fields } from './fields'
import { MappingEditor } from './mapping'
import { Samples, Steps } from './parts'
import { directoryAddRoute } from './routes'
import { changesOf, draftOf, mappingList, optionsOf, type Draft } from './settings'
import { useTexts } from './texts'

const STEPS = ['1', '2', '3', '4', '5'] as const

/** What the form says, as the API wants it: only what differs from how it is anyway. */
function bodyOf(draft: Draft, own: Record<string, string>, isAd: boolean): Draft {
  const changes = changesOf(draft, { ...draftOf(), flavour: isAd ? 'ad' : 'openldap' })
  const texts = Object.fromEntries(Object.entries(changes).map(([field, value]) => [field, Array.isArray(value) ? value.map((v) => v.trim()).filter(Boolean) : value]))
  const mapping = mappingList(own)
  return { ...texts, type: isAd ? 'ad' : 'ldap', ...(mapping.length > 0 && { mapping }) }
}

/** From the URL of a server to a source: what it is, what it has, and what becomes of it here. */
export function DirectoryWizard() {
  const say = useTexts()
  const change = useChange()
  const search = directoryAddRoute.useSearch()
  const navigate = useNavigate({ from: '/directories/add' })
  const organisations = useQuery(organisationsQuery).data ?? []
  const organisation = search.organisation ?? organisations[0]?.name ?? ''
  const domains = useQuery({ ...domainsQuery(organisation), enabled: organisation !== '' }).data ?? []
  const [name, setName] = useState('')
  const [domain, setDomain] = useState('')
  const [draft, setDraft] = useState(draftOf())
  const [own, setOwn] = useState<Record<string, string>>({})
  const [report, setReport] = useState<Report | null>(null)
  const [step, setStep] = useState(0)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (more: Draft) => setDraft((d) => ({ ...d, ...more }))
  const body = bodyOf(draft, own, draft['flavour'] === 'ad')
  const proposal = report?.proposal ?? null

  /** Whatever goes wrong stands below the form. */
  const guarded = async (act: () => Promise<unknown>) => {
    setBusy(true)
    setError(null)
    try {
      await act()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  /** The first look asks what kind of server it is; entries are read as that kind has them. */
  const look = () =>
    guarded(async () => {
      const first = await probe({ ...body, organisation })
      const said = first.proposal
      if (!said || proposal) return setReport(first)
      const isAd = said.flavour === 'ad'
      const proposed: Draft = { flavour: said.flavour, base: draft['base'] === '' ? said.base : (draft['base'] ?? ''), login_names: isAd ? ['upn', 'account', 'mail', 'domain'] : ['account', 'mail'] }
      set(proposed)
      setReport(said.flavour === draft['flavour'] ? first : await probe({ ...bodyOf({ ...draft, ...proposed }, own, isAd), organisation }))
    })
  const add = () =>
    guarded(async () => {
      await change(() => addDirectory({ ...body, name: name.trim(), organisation, ...(domain !== '' && { domain }) }), [['directories']], say('added', { name }))
      await navigate({ to: '/directories/source', search: { organisation, source: name.trim() } })
    })
  const isLast = step === STEPS.length - 1
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isLast) void add()
    else setStep(step + 1)
  }
  const again = (
    <Button variant="default" loading={busy} onClick={() => void look()}>
      {say(report ? 'testAgain' : 'test')}
    </Button>
  )
  const lastFields = (['mailboxes', 'login'] as const).map((group) => (
    <Stack key={group} gap="sm">
      <Text fw={600}>{say(`group.${group}`)}</Text>
      <Fields group={group} draft={draft} set={set} />
    </Stack>
  ))
  return (
    <Page title={say('add')} trail={<Link to="/directories">{say('title')}</Link>}>
      <form onSubmit={submit} className={classes.stack}>
        <Stepper active={step} onStepClick={setStep} allowNextStepsSelect={false} size="xs">
          {STEPS.map((s) => (
            <Stepper.Step key={s} label={say(`step${s}`)} />
          ))}
        </Stepper>
        <Panel>
          <Stack gap="md" maw={760}>
            {step === 0 && (
              <>
                <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
                <Select label={say('organisation')} searchable allowDeselect={false} required data={organisations.map((o) => o.name)} value={organisation || null} onChange={(o) => void navigate({ search: { ...search, organisation: o ?? undefined }, replace: true })} />
                <Select label={say('domain')} description={say('domainHelp')} clearable searchable data={domains.map((d) => d.name)} value={domain || null} onChange={(d) => setDomain(d ?? '')} />
                <Fields group="server" draft={draft} set={set} />
              </>
            )}
            {step === 1 && (
              <>
                <Fields group="account" draft={draft} set={set} />
                <Group>{again}</Group>
                {busy && (
                  <Text size="sm" role="status">
                    {say('testing')}
                  </Text>
                )}
                {!busy && report && <Steps of={report} />}
                {!busy && proposal && <Alert variant="light">{say('looksLike', { kind: wordOf(say, 'flavour', proposal.flavour) })}</Alert>}
              </>
            )}
            {step > 1 && !proposal && <Alert color="yellow">{say('lookFirst')}</Alert>}
            {step === 2 && (
              <>
                <Fields group="reading" draft={draft} set={set} usual={proposal ? { user_filter: proposal.user_filter, contact_filter: proposal.contact_filter, group_filter: proposal.group_filter } : undefined} />
                <Group>{again}</Group>
              </>
            )}
            {step === 3 && (
              <>
                <MappingEditor standard={proposal?.mapping ?? {}} own={own} onChange={setOwn} report={report} />
                <Group>{again}</Group>
              </>
            )}
            {isLast && lastFields}
            {error !== null && <ErrorPanel error={error} />}
            <Group justify="space-between">
              {step > 0 ? (
                <Button variant="default" onClick={() => setStep(step - 1)}>
                  {say('back')}
                </Button>
              ) : (
                <span />
              )}
              <Button type="submit" loading={busy} disabled={step === 1 && !proposal}>
                {say(isLast ? 'add' : 'nextStep')}
              </Button>
            </Group>
          </Stack>
        </Panel>
        {(step === 2 || step === 3) && report && !report.good && (
          <Panel title={say('tab.entries')}>
            <Steps of={report} />
          </Panel>
        )}
        {step > 0 && report && proposal && <Samples of={report} />}
        <Command line={commandLine(['directory', 'add', name], { org: organisation, domain: domain || undefined, type: String(body['type']), ...optionsOf(body) })} />
      </form>
    </Page>
  )
}
