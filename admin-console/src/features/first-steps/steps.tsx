import { Answered, ErrorPanel, Status } from '@chappe/kit'
import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import * as z from 'zod/mini'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useSession } from '../../app/session'
import { domainQuery, domainsQuery } from '../domains/data'
import { DnsAssistant } from '../domains/dns'
import { useTexts as useDomainTexts } from '../domains/texts'
import { organisationsQuery } from '../organisations/data'
import { useTexts as useOrganisationTexts } from '../organisations/texts'
import { searchUsersQuery } from '../recipients/data'
import { PasswordField } from '../recipients/fields'
import { localPartOf } from '../recipients/password'
import { useAddTexts } from '../recipients/texts-add'
import { useTexts } from './texts'

export interface StepProps {
  organisation: string | undefined
  domain: string | undefined
  /** This step is done, with what the next ones go on with. */
  onDone: (found?: { organisation?: string; domain?: string }) => void
}

function StepForm({ action, command, disabled, onSubmit, children }: { action: string; command: string; disabled?: boolean; onSubmit: () => Promise<unknown>; children: ReactNode }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    await onSubmit().catch(setError)
    setBusy(false)
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Stack gap="sm" maw={560}>
        {children}
        <Command line={command} />
        {error !== null && <ErrorPanel error={error} />}
        <Group>
          <Button type="submit" loading={busy} disabled={disabled ?? false}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

export function PasswordStep({ onDone }: StepProps) {
  const say = useTexts()
  const { login } = useSession()
  const [password, setPassword] = useState('')
  return (
    <Stack>
      <Text>{say('password.lead')}</Text>
      <StepForm
        action={say('password.set')}
        command={commandLine(['user', 'passwd', login])}
        disabled={password.length < 8}
        onSubmit={async () => {
          await api.put(path`/users/${login}/password`, { password })
          onDone()
        }}
      >
        <PasswordField value={password} onChange={setPassword} required />
        <Text size="sm" c="dimmed">
          {say('password.again')}
        </Text>
      </StepForm>
    </Stack>
  )
}

export function OrganisationStep({ organisation, onDone }: StepProps) {
  const say = useTexts()
  const words = useOrganisationTexts()
  const change = useChange()
  const all = useQuery(organisationsQuery).data ?? []
  const [name, setName] = useState('')
  return (
    <Stack>
      <Text>{say('organisation.lead')}</Text>
      {all.length > 0 && <Select label={say('organisation.use')} searchable allowDeselect={false} data={all.map((o) => o.name)} value={organisation ?? null} onChange={(o) => o && onDone({ organisation: o })} maw={420} />}
      <StepForm
        action={words('add')}
        command={commandLine(['org', 'add', name])}
        onSubmit={async () => {
          await change(() => api.post('/organisations', { name }), [['organisations']], words('added', { name }))
          onDone({ organisation: name })
        }}
      >
        <TextInput label={words('name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} />
      </StepForm>
    </Stack>
  )
}

export function DomainStep({ organisation, onDone }: StepProps) {
  const say = useTexts()
  const words = useDomainTexts()
  const change = useChange()
  const all = useQuery(domainsQuery(organisation)).data ?? []
  const [name, setName] = useState('')
  return (
    <Stack>
      <Text>{say('domain.lead')}</Text>
      {all.length > 0 && <Status health="good">{say('domain.have', { names: all.slice(0, 5).map((d) => d.name).join(', ') })}</Status>}
      <StepForm
        action={words('add')}
        command={commandLine(['domain', 'add', name], { org: organisation })}
        disabled={organisation === undefined}
        onSubmit={async () => {
          await change(() => api.post('/domains', { name, organisation }), [['domains'], ['organisations']], words('added', { name }))
          onDone({ domain: name })
        }}
      >
        <TextInput label={words('name')} placeholder="example.org" required value={name} spellCheck={false} onChange={(e) => setName(e.currentTarget.value.trim().toLowerCase())} />
      </StepForm>
    </Stack>
  )
}

export function DnsStep({ domain }: StepProps) {
  const say = useTexts()
  const found = useQuery({ ...domainQuery(domain ?? ''), enabled: domain !== undefined })
  if (!domain) return <Text>{say('dns.none')}</Text>
  return (
    <Stack>
      <Text>{say('dns.lead', { domain })}</Text>
      <Answered of={found}>{(d) => <DnsAssistant domain={d} />}</Answered>
    </Stack>
  )
}

export function UsersStep({ organisation, domain }: StepProps) {
  const say = useTexts()
  const words = useAddTexts()
  const change = useChange()
  const found = useQuery({ ...domainQuery(domain ?? ''), enabled: domain !== undefined }).data
  const [name, setName] = useState('')
  const [local, setLocal] = useState('')
  const [password, setPassword] = useState('')
  if (!domain) return <Text>{say('dns.none')}</Text>
  const address = `${local}@${domain}`
  return (
    <Stack>
      <Text>{say('users.lead')}</Text>
      {found && <Status health={found.recipients > 0 ? 'good' : 'none'}>{say('users.have', { count: found.recipients, domain })}</Status>}
      <StepForm
        action={say('users.add')}
        command={commandLine(['user', 'add', address], { name, 'password-file': '-' })}
        onSubmit={async () => {
          await change(() => api.post('/users', { address, name, password }), [['users'], ['domain', domain], ['organisations']], words('done', { name }))
          setName('')
          setLocal('')
          setPassword('')
        }}
      >
        <TextInput
          label={words('name')}
          required
          value={name}
          onChange={(e) => {
            setName(e.currentTarget.value)
            setLocal(localPartOf(e.currentTarget.value))
          }}
        />
        <TextInput label={words('local')} required rightSection={<Text size="sm">@{domain}</Text>} rightSectionWidth={Math.min(220, 24 + domain.length * 8)} value={local} onChange={(e) => setLocal(e.currentTarget.value.trim())} />
        <PasswordField value={password} onChange={setPassword} required />
      </StepForm>
      <Link to="/recipients/import" search={{ organisation }}>
        {say('users.import')}
      </Link>
    </Stack>
  )
}

const dryRun = z.object({ accepted: z.boolean() })

export function TestStep({ domain }: StepProps) {
  const say = useTexts()
  const { login } = useSession()
  const users = useQuery(searchUsersQuery(domain ? `@${domain}` : '')).data ?? []
  const [chosen, setChosen] = useState('')
  const [outcome, setOutcome] = useState<{ to: string; accepted: boolean } | null>(null)
  const to = chosen || (users[0]?.address ?? login)
  const send = async () => {
    const message = [`From: ${login}`, `To: ${to}`, `Subject: =?utf-8?B?${btoa(String.fromCharCode(...new TextEncoder().encode(say('test.subject'))))}?=`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, `Message-ID: <${crypto.randomUUID()}@${to.split('@').pop() ?? 'localhost'}>`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', say('test.body'), ''].join('\r\n')
    await api.post(path`/mailboxes/${to}/messages`, message, { folder: 'INBOX' })
    const { accepted } = dryRun.parse(await api.post('/trace/dry-run', message, { from: 'somebody@example.com', to }))
    setOutcome({ to, accepted })
  }
  return (
    <Stack>
      <Text>{say('test.lead')}</Text>
      <StepForm action={say('test.go')} command={commandLine(['trace', 'somebody@example.com', to, 'FILE'], { 'dry-run': true })} onSubmit={send}>
        <Select label={say('test.to')} allowDeselect={false} data={[...new Set([to, ...users.map((u) => u.address)])]} value={to} onChange={(a) => setChosen(a ?? '')} />
      </StepForm>
      {outcome && (
        <Stack gap={4} role="status">
          <Status health="good">{say('test.filed', { address: outcome.to })}</Status>
          <Status health={outcome.accepted ? 'good' : 'bad'}>{say(outcome.accepted ? 'test.accepted' : 'test.refused')}</Status>
        </Stack>
      )}
    </Stack>
  )
}
