import { CopyLine, useKitTexts, wordOf } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Modal, MultiSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useSession } from '../../app/session'
import { useRoleTexts } from '../delegation/roles'
import { Sessions } from '../recipients/sessions'
import { makeToken } from './data'
import { useTexts } from './texts'

const YEAR = 365

/** Tokens of programs, and making one. */
export function Tokens({ address, isAdding, onAdding }: { address: string; isAdding: boolean; onAdding: (yes: boolean) => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const words = useRoleTexts()
  const change = useChange()
  const session = useSession()
  const [name, setName] = useState('')
  const [permissions, setPermissions] = useState<string[]>([])
  const [days, setDays] = useState(YEAR)
  const [shown, setShown] = useState<string | null>(null)
  const held = [...new Set(session.grants.flatMap((g) => g.permissions))]
  return (
    <>
      <Sessions
        address={address}
        kind="token"
        title={say('tokens')}
        lead={say('tokensLead')}
        none={say('noTokens')}
        actions={
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => onAdding(true)}>
            {say('addToken')}
          </Button>
        }
      />
      {isAdding && (
        <FormDialog
          title={say('addToken')}
          action={say('addToken')}
          command={commandLine(['token', 'add', address, name], { permissions, days: days || undefined })}
          onClose={() => onAdding(false)}
          onSubmit={async () => setShown(await change(() => makeToken(name, permissions, days), [['sessions', address]]))}
        >
          <TextInput label={say('tokenName')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <MultiSelect label={say('tokenPermissions')} description={say('tokenPermissionsLead')} data={held.map((p) => ({ value: p, label: wordOf(words, 'permission', p) }))} value={permissions} onChange={setPermissions} searchable clearable />
          <NumberInput label={say('tokenDays')} min={0} max={3650} allowDecimal={false} value={days} onChange={(d) => setDays(Number(d) || 0)} />
        </FormDialog>
      )}
      {shown !== null && (
        <Modal opened onClose={() => setShown(null)} title={say('addToken')} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
          <Stack gap="xs">
            <Text size="sm">{say('tokenShown')}</Text>
            <CopyLine text={shown} label={say('addToken')} />
          </Stack>
        </Modal>
      )}
    </>
  )
}
