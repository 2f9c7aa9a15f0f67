import { CopyLine } from '@chappe/kit'
import { Checkbox, Fieldset, PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay, useMayEverywhere } from '../../app/session'
import { domainsQuery } from '../domains/data'
import { changesOf, claims, empty, fieldsOf, type Fields, type Provider } from './data'
import { useTexts } from './texts'

type TextField = 'name' | 'issuer' | 'client' | 'scopes' | 'audience'

/** A provider, new or changed; what is said of it beside its own page stands where it has to be typed. */
export function Edit({ of, organisation, onClose }: { of: Provider | undefined; organisation: string; onClose: (name: string | undefined) => void }) {
  const say = useTexts()
  const change = useChange()
  const before = of ? fieldsOf(of) : empty
  const [now, setNow] = useState(before)
  const mayBeyond = useMayEverywhere('delegation.write')
  const domains = useQuery({ ...domainsQuery(organisation), enabled: useMay('domain.read') }).data ?? []
  const { body, options } = changesOf(now, before)
  const set = (some: Partial<Fields>) => setNow({ ...now, ...some })
  const text = (field: TextField) => ({ label: say(field), value: now[field], spellCheck: false, onChange: (e: { currentTarget: { value: string } }) => set({ [field]: e.currentTarget.value }) })
  const flag = (field: 'web' | 'mail' | 'second_factor' | 'beyond' | 'enabled') => ({ checked: now[field], onChange: (e: { currentTarget: { checked: boolean } }) => set({ [field]: e.currentTarget.checked }) })
  const save = async () => {
    await change(() => (of ? api.patch(path`/identity-providers/${of.name}`, body, { organisation }) : api.post('/identity-providers', { ...body, organisation })), [['identity-providers']], say('saved'))
    onClose(now.name)
    return 'left'
  }
  return (
    <FormDialog
      title={of ? `${say('change')}: ${of.name}` : say('add')}
      action={say(of ? 'save' : 'add')}
      disabled={Object.keys(body).length === 0}
      command={of ? commandLine(['identity-provider', 'set', of.name], { org: organisation, ...options }) : commandLine(['identity-provider', 'add', now.name], { org: organisation, issuer: now.issuer, client: now.client, ...Object.fromEntries(Object.entries(options).filter(([o]) => o !== 'name')) })}
      onClose={() => onClose(of?.name)}
      onSubmit={save}
    >
      <TextInput {...text('name')} description={say('nameHelp')} required data-autofocus spellCheck />
      <TextInput {...text('issuer')} description={say('issuerHelp')} required />
      <TextInput {...text('client')} description={say('clientHelp')} required />
      <PasswordInput label={say('secret')} description={say(of?.has_secret ? 'secretKept' : 'secretHelp')} autoComplete="new-password" value={now.secret} onChange={(e) => set({ secret: e.currentTarget.value })} />
      <div>
        <Text size="sm">{say('redirect')}</Text>
        <CopyLine text={`${location.origin}/api/v1/session/callback`} label={say('redirect')} wrap />
      </div>
      <Select label={say('domain')} description={say('domainHelp')} placeholder={say('wholeOrganisation')} clearable searchable limit={60} data={[...new Set([...domains.map((d) => d.name), ...(now.domain ? [now.domain] : [])])]} value={now.domain || null} onChange={(domain) => set({ domain: domain ?? '' })} />
      <Fieldset legend={say('usedFor')}>
        <Stack gap="xs">
          <Checkbox label={say('web')} {...flag('web')} />
          <Checkbox label={say('mail')} {...flag('mail')} />
          <Checkbox label={say('enabled')} {...flag('enabled')} />
        </Stack>
      </Fieldset>
      <Fieldset legend={say('more')}>
        <Stack gap="sm">
          <Select label={say('tokens')} allowDeselect={false} data={(['jwt', 'introspection'] as const).map((t) => ({ value: t, label: say(`tokens.${t}`) }))} value={now.tokens} onChange={(tokens) => set({ tokens: tokens === 'introspection' ? tokens : 'jwt' })} />
          <Select label={say('claim')} allowDeselect={false} data={[...new Set([...claims, now.claim])]} value={now.claim} onChange={(claim) => set({ claim: claim ?? 'email' })} />
          <TextInput {...text('scopes')} />
          <TextInput {...text('audience')} description={say('audienceHelp')} />
          <Textarea label={say('certificates')} description={say('certificatesHelp')} autosize minRows={2} maxRows={6} spellCheck={false} value={now.certificates} onChange={(e) => set({ certificates: e.currentTarget.value })} />
          <Checkbox label={say('factor')} description={say('factorHelp')} {...flag('second_factor')} />
          {mayBeyond && <Checkbox label={say('beyond')} description={say('beyondHelp')} {...flag('beyond')} />}
        </Stack>
      </Fieldset>
    </FormDialog>
  )
}
