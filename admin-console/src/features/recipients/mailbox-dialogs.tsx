import { editBytes, parseBytes } from '@chappe/kit'
import { Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine, type Option } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { AdminGroupField } from '../organisations/admin-group-field'
import type { UserDetails } from './data'
import { PasswordField, QuotaField } from './fields'
import { useReason } from './owned'
import { useTexts } from './texts'
import { useAddTexts } from './texts-add'
import { useOneTexts } from './texts-one'

export function SetPassword({ address, onClose }: { address: string; onClose: () => void }) {
  const say = useOneTexts()
  const change = useChange()
  const [password, setPassword] = useState('')
  return (
    <FormDialog
      title={`${say('setPassword')}: ${address}`}
      action={say('setPassword')}
      command={commandLine(['user', 'passwd', address])}
      onClose={onClose}
      onSubmit={() => change(() => api.put(path`/users/${address}/password`, { password }), [['users'], ['sessions']], say('passwordSet'))}
      disabled={password.length < 8}
    >
      <PasswordField value={password} onChange={setPassword} required autoFocus />
    </FormDialog>
  )
}

export function EditUser({ user, onClose }: { user: UserDetails; onClose: () => void }) {
  const say = useOneTexts()
  const words = useTexts()
  const add = useAddTexts()
  const reason = useReason()
  const change = useChange()
  const [name, setName] = useState(user.name)
  const [quota, setQuota] = useState(editBytes(user.quota))
  const [state, setState] = useState(user.state)
  const [adminGroup, setAdminGroup] = useState(user.admin_group ?? '')
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (name !== user.name) options['name'] = body['name'] = name
  if (quota !== editBytes(user.quota)) {
    body['quota'] = parseBytes(quota) ?? 0
    options['quota'] = quota.trim() || '0'
  }
  if (adminGroup !== (user.admin_group ?? '')) options['admin-group'] = body['admin_group'] = adminGroup
  if (state !== user.state) options['state'] = body['state'] = state
  return (
    <FormDialog
      title={`${say('edit')}: ${user.address}`}
      action={say('save')}
      command={commandLine(['user', 'set', user.address], options)}
      onClose={onClose}
      onSubmit={() => change(() => api.patch(path`/users/${user.address}`, body), [['users']], say('saved'))}
      disabled={Object.keys(body).length === 0 || parseBytes(quota) === null}
    >
      <TextInput label={add('name')} description={reason(user, 'name')} disabled={reason(user, 'name') !== undefined} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <QuotaField value={quota} onChange={setQuota} />
      <Select label={words('state')} description={reason(user, 'state')} disabled={reason(user, 'state') !== undefined} allowDeselect={false} data={(['active', 'no-login', 'disabled'] as const).map((s) => ({ value: s, label: words(`state.${s}`) }))} value={state} onChange={(s) => setState(s ?? user.state)} />
      <AdminGroupField organisation={user.organisation} value={adminGroup} onChange={setAdminGroup} />
    </FormDialog>
  )
}
