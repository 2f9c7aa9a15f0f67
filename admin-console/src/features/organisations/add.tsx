import { parseBytes } from '@chappe/kit'
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { QuotaField } from '../recipients/fields'
import { useTexts } from './texts'

export function AddOrganisation({ onClose, onAdded }: { onClose: () => void; onAdded: (name: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState('')
  const [quota, setQuota] = useState('')
  return (
    <FormDialog
      title={say('add')}
      action={say('add')}
      command={commandLine(['org', 'add', name], { quota: quota.trim() || undefined })}
      disabled={parseBytes(quota) === null}
      onClose={onClose}
      onSubmit={async () => {
        await change(() => api.post('/organisations', { name, ...(quota.trim() && { quota: parseBytes(quota) }) }), [['organisations']], say('added', { name }))
        onAdded(name)
        return 'left'
      }}
    >
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <QuotaField value={quota} onChange={setQuota} />
    </FormDialog>
  )
}
